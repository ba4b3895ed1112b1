weir_sources(adapt.c callback.c chains.c check_gradient.c expression.c inits.c job.c led.c list.c methods.c posterior.c run.c start.c target.c
  write.c)
weir_sources(family.c fitted.c helped.c laplace.c resample.c reverse.c warp.c whiten.c)
weir_sources(objective.c terms.c)
weir_sources(calibrate.c judge.c modes.c psis.c rank_test.c summary.c)
