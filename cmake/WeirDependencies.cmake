# Required: jansson, Random123 (headers). Optional, AUTO by default: OpenMP, libyaml, zlib.
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
find_path(RANDOM123_INCLUDE Random123/philox.h REQUIRED)

add_library(weir_dependencies INTERFACE)
target_include_directories(weir_dependencies SYSTEM INTERFACE ${RANDOM123_INCLUDE})
target_link_libraries(weir_dependencies INTERFACE PkgConfig::JANSSON m ${CMAKE_DL_LIBS})

# option NAME: AUTO uses what is found, ON fails without it, OFF does without.
function(weir_optional name found)
  set(WEIR_${name} AUTO CACHE STRING "${name}: AUTO, ON or OFF")
  set_property(CACHE WEIR_${name} PROPERTY STRINGS AUTO ON OFF)
  if(WEIR_${name} STREQUAL "ON" AND NOT found)
    message(FATAL_ERROR "WEIR_${name} is ON, but it was not found")
  endif()
  if(WEIR_${name} STREQUAL "OFF" OR NOT found)
    set(WEIR_HAVE_${name} 0 PARENT_SCOPE)
  else()
    set(WEIR_HAVE_${name} 1 PARENT_SCOPE)
  endif()
endfunction()

find_package(OpenMP QUIET COMPONENTS C)
weir_optional(OPENMP "${OpenMP_C_FOUND}")
find_package(ZLIB QUIET)
weir_optional(ZLIB "${ZLIB_FOUND}")
pkg_check_modules(YAML QUIET IMPORTED_TARGET yaml-0.1)
weir_optional(YAML "${YAML_FOUND}")
if(WEIR_HAVE_OPENMP)
  target_link_libraries(weir_dependencies INTERFACE OpenMP::OpenMP_C)
endif()
if(WEIR_HAVE_ZLIB)
  target_link_libraries(weir_dependencies INTERFACE ZLIB::ZLIB)
  target_compile_definitions(weir_dependencies INTERFACE WEIR_HAVE_ZLIB=1)
endif()
if(WEIR_HAVE_YAML)
  target_link_libraries(weir_dependencies INTERFACE PkgConfig::YAML)
  target_compile_definitions(weir_dependencies INTERFACE WEIR_HAVE_YAML=1)
endif()

execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE WEIR_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
  RESULT_VARIABLE WEIR_GIT)
if(NOT WEIR_GIT EQUAL 0)
  set(WEIR_COMMIT "unknown")
endif()
message(STATUS "weir ${PROJECT_VERSION} (${CMAKE_BUILD_TYPE}): OpenMP ${WEIR_HAVE_OPENMP}, "
  "zlib ${WEIR_HAVE_ZLIB}, libyaml ${WEIR_HAVE_YAML}")
