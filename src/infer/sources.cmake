weir_sources(adapt.c callback.c chains.c check_gradient.c expression.c job.c list.c methods.c posterior.c run.c start.c target.c
  write.c)
weir_sources(family.c fitted.c laplace.c reverse.c warp.c whiten.c)
weir_sources(objective.c terms.c)
weir_sources(judge.c psis.c summary.c)
