weir_sources(registry.c optim.c schedule.c)
