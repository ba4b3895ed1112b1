weir_sources(arena.c ctx.c log.c memory.c rng.c sha256.c status.c text.c words.c)
