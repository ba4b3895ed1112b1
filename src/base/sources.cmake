weir_sources(about.c arena.c bulk.c chisq.c chol.c clock.c config.c config_set.c config_write.c ctx.c file.c identity.c log.c memory.c option.c
  rng.c scalar.c sha256.c spec.c status.c text.c words.c)
if(WEIR_HAVE_YAML)
  weir_sources(config_yaml.c)
else()
  weir_sources(config_json.c)
endif()
# The square root in a loop of vectors would otherwise be a call, for errno.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/rng.c PROPERTIES
  COMPILE_OPTIONS "-fno-math-errno")
weir_sources(normal.c)
