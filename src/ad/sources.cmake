weir_sources(tape.c grad.c)
