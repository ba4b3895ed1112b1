weir_sources(clock.c gradient.c observe.c options.c rows.c score.c)
