weir_sources(annealed.c args.c codes.c config.c context.c env.c eval_vae.c job.c job_data.c job_figures.c job_files.c job_patches.c
  job_rows.c json.c latent.c
  lowest.c main.c manual.c nearest.c neighbours.c out.c pass.c progress.c recipes.c rows.c say.c sheet.c)
weir_sources(infer_calibrate.c infer_config.c infer_show.c)
