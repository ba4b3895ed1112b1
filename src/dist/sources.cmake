weir_sources(gauss.c mixture.c located.c vmf_draw.c sphere.c)
