# Installation: library, headers, program, CMake package, pkg-config file; with the
# program also its man pages and shell completion, which the program itself writes.
install(TARGETS weir EXPORT weir-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(EXPORT weir-targets NAMESPACE weir:: DESTINATION ${package_dir})
configure_package_config_file(cmake/weir-config.cmake.in weir-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(weir-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weir-config.cmake
  ${PROJECT_BINARY_DIR}/weir-config-version.cmake DESTINATION ${package_dir})

# The file finds its prefix from its own place, so that an installed tree may be moved.
list(JOIN WEIR_PRIVATE_PACKAGES " " private_packages)
file(RELATIVE_PATH pc_to_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(kind lib include)
  string(TOUPPER ${kind} upper)
  set(pc_${kind}dir "${CMAKE_INSTALL_${upper}DIR}")
  if(NOT IS_ABSOLUTE "${pc_${kind}dir}")
    set(pc_${kind}dir "\${prefix}/${pc_${kind}dir}")
  endif()
endforeach()
configure_file(cmake/weir.pc.in weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(EXISTS ${PROJECT_SOURCE_DIR}/recipes)
  install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/weir
    FILES_MATCHING PATTERN "*.yaml")
endif()
if(WEIR_HAVE_CLI)
  install(TARGETS weir_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  include(weir_man)
endif()
