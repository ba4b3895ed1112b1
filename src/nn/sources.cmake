weir_sources(activation.c degrees.c dense.c block.c unit.c)
