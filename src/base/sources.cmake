weir_sources(about.c arena.c config.c config_set.c config_write.c ctx.c file.c log.c memory.c option.c
  rng.c scalar.c sha256.c spec.c status.c text.c words.c)
if(WEIR_HAVE_YAML)
  weir_sources(config_yaml.c)
else()
  weir_sources(config_json.c)
endif()
