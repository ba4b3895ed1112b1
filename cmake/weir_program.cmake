# The program `weir`: files of src/cli and of include/weir/verbs.def. It is linked with
# the shared library like anyone's program and includes public headers only
# (tools/check_layers.py).
weir_room(cli)
weir_registry(verbs cli)
weir_take_sources(WEIR_CLI_SOURCES)
if(WEIR_CLI_SOURCES)
  set(WEIR_HAVE_CLI ON)
  add_executable(weir_program ${WEIR_CLI_SOURCES})
  set_target_properties(weir_program PROPERTIES OUTPUT_NAME weir
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  target_include_directories(weir_program PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(weir_program PRIVATE
    WEIR_DATADIR="${CMAKE_INSTALL_FULL_DATADIR}/weir")
  target_link_libraries(weir_program PRIVATE weir_flags weir PkgConfig::JANSSON m)
  add_executable(weir::cli ALIAS weir_program)
else()
  set(WEIR_HAVE_CLI OFF)
endif()
