weir_sources(corner.c energy.c facts.c html.c lowest.c page.c plots.c report.c sections.c stats.c svg.c tests.c)
