weir_sources(convert.c evaluate.c importance.c latent.c probe.c file.c model.c plan.c preset.c st_read.c st_write.c use.c
  vae_parts.c)
weir_sources(source.c)
