weir_sources(tape.c grad.c pack.c plan.c shape.c signature.c)
