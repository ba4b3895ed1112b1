weir_sources(chain.c event.c flow.c make.c moments.c registry.c replay.c run.c use.c theta.c)
