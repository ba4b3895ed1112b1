weir_sources(ais.c anneal.c anneal_rows.c baseline.c checkpoint.c fit.c flat.c gradient.c gradient_norm.c identity.c loop.c memory.c metrics.c
  mixture.c neighbours.c observe.c notes.c options.c order.c plan.c rows.c score.c vae_score.c watch.c)
