weir_sources(params.c)
