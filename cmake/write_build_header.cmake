# Run by the target weir_build_h: fills weir_build.h.in.
set(commit "")
if(git AND EXISTS ${source}/.git)
  execute_process(COMMAND ${git} describe --always --dirty --abbrev=12 --exclude "*"
    WORKING_DIRECTORY ${source} OUTPUT_VARIABLE commit
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(commit STREQUAL "")
  set(commit "unknown")
endif()
configure_file(${template} ${output} @ONLY)
