# Writes what `program arguments` prints to `output`; fails, leaving nothing, when it does.
get_filename_component(folder ${output} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${program} ${arguments}
  OUTPUT_FILE ${output}.part RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  file(REMOVE ${output}.part)
  message(FATAL_ERROR "${program} ${arguments}: exit ${code}")
endif()
file(RENAME ${output}.part ${output})
