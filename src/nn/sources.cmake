weir_sources(activation.c degrees.c dense.c block.c unit.c)
weir_sources(steps.c steps_run.c steps_back.c)
