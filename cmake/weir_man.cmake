# Man pages (weir.1, weir-<verb>.1) and shell completion, printed by the program.
if(CMAKE_CROSSCOMPILING OR NOT EXISTS ${PROJECT_SOURCE_DIR}/src/cli/help.c
    OR NOT EXISTS ${PROJECT_SOURCE_DIR}/src/cli/completion.c)
  return()
endif()
set(generated ${PROJECT_BINARY_DIR}/generated)
set(pages)

# Adds a file that `weir <arguments>` prints.
function(weir_printed output)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-Dprogram=$<TARGET_FILE:weir_program>"
      "-Darguments=${ARGN}" "-Doutput=${output}"
      -P ${PROJECT_SOURCE_DIR}/cmake/print_to_file.cmake
    DEPENDS weir_program VERBATIM)
endfunction()

weir_registry_names(verbs verbs)
weir_printed(${generated}/man/weir.1 help --man)
set(pages ${generated}/man/weir.1)
foreach(verb IN LISTS verbs)
  if(NOT verb MATCHES "^(help|completion)$")
    weir_printed(${generated}/man/weir-${verb}.1 help --man ${verb})
    list(APPEND pages ${generated}/man/weir-${verb}.1)
  endif()
endforeach()
weir_printed(${generated}/completion/weir completion bash)
weir_printed(${generated}/completion/_weir completion zsh)
add_custom_target(weir_documents ALL DEPENDS ${pages}
  ${generated}/completion/weir ${generated}/completion/_weir)

install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${generated}/completion/weir
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${generated}/completion/_weir
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
