weir_sources(gauss.c)
