weir_sources(registry.c elementwise.c rows.c gemm.c gate.c fuse.c hold.c panel.c squares.c tri.c sum_to.c rqs_reference.c matrix.c bessel.c patches.c conv_job.c
  conv_weight.c jacobian_tiles.c)
