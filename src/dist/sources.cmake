weir_sources(gauss.c mixture.c vmf_draw.c sphere.c)
