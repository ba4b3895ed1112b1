weir_sources(lbfgs.c registry.c optim.c schedule.c)
