weir_sources(elem.c)
