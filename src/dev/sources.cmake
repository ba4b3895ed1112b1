weir_sources(threads.c ctx.c check.c)
