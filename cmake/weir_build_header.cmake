# generated/weir_build.h: version, compiler, flags, build type and commit. Written anew
# at every build, and touched only when something changed (the commit, mostly).
find_package(Git QUIET)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type_upper)
string(STRIP "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type_upper}}" flags)
if(WEIR_SANITIZE)
  string(APPEND flags " -fsanitize=${WEIR_SANITIZERS}")
endif()
add_custom_target(weir_build_h
  COMMAND ${CMAKE_COMMAND}
    "-Dsource=${PROJECT_SOURCE_DIR}"
    "-Dtemplate=${PROJECT_SOURCE_DIR}/cmake/weir_build.h.in"
    "-Doutput=${PROJECT_BINARY_DIR}/generated/weir_build.h"
    "-Dgit=${GIT_EXECUTABLE}"
    "-Dversion=${PROJECT_VERSION}"
    "-Dcompiler=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
    "-Dflags=${flags}"
    "-Dbuild_type=${CMAKE_BUILD_TYPE}"
    -P ${PROJECT_SOURCE_DIR}/cmake/write_build_header.cmake
  BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/weir_build.h
  COMMENT "" VERBATIM)
add_dependencies(weir_objects weir_build_h)
