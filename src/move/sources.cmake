weir_sources(hmc.c hmc_rows.c langevin.c leapfrog.c metric.c metropolis.c nuts.c point.c random_walk.c)
weir_sources(amortized.c hamiltonian_rows.c rows.c)
