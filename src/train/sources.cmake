weir_sources(checkpoint.c clock.c fit.c gradient.c identity.c loop.c metrics.c observe.c options.c
  plan.c rows.c score.c)
