weir_sources(gauss.c mixture.c)
