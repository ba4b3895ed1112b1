weir_sources(tape.c grad.c pack.c panels.c panels_run.c plan.c plan_held.c shape.c signature.c)
