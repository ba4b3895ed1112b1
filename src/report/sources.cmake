weir_sources(about.c compare.c corner.c energy.c facts.c html.c images.c lowest.c marginals.c page.c report.c
  scores.c stats.c svg.c tests.c)
weir_sources(selftest.c selftest_coords.c selftest_copy.c selftest_cubature.c selftest_density.c
  selftest_importance.c selftest_integral.c selftest_jacobian.c selftest_proposal.c
  selftest_result.c selftest_trips.c)
weir_sources(calibration.c inference.c inference_plots.c)
