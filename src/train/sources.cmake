weir_sources(baseline.c checkpoint.c fit.c flat.c gradient.c identity.c loop.c metrics.c
  mixture.c observe.c notes.c options.c order.c plan.c rows.c score.c vae_score.c)
