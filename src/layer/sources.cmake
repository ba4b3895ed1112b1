weir_sources(columns.c)
weir_sources(real.c permute.c diagonal.c)
