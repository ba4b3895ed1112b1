# The weir program: sees the public headers only.
set(WEIR_CLI_SOURCES)
set(WEIR_ROOM_SOURCES)
include(${CMAKE_SOURCE_DIR}/src/cli/sources.cmake)
add_executable(weir_cli ${WEIR_ROOM_SOURCES} ${WEIR_VERBS})
set_target_properties(weir_cli PROPERTIES OUTPUT_NAME weir)
target_include_directories(weir_cli PRIVATE ${CMAKE_SOURCE_DIR}/src
  ${CMAKE_BINARY_DIR}/generated)
target_link_libraries(weir_cli PRIVATE weir weir_flags PkgConfig::JANSSON)
set_target_properties(weir_cli PROPERTIES INSTALL_RPATH
  "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS weir_cli)
