weir_sources(columns.c)
