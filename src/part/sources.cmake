weir_sources(chain.c event.c flow.c kl.c make.c moments.c pieces.c registry.c replay.c run.c use.c
  theta.c view.c)
weir_sources(score.c target.c target_map.c target_name.c)
