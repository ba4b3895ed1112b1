# Compiler flags. Never -ffast-math: infinities and NaN mean what they say here.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

set(WEIR_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wvla)
if(WEIR_WERROR)
  list(APPEND WEIR_WARNINGS -Werror)
endif()

# GCC warns of conversions that are none under -fsanitize=undefined: not with WEIR_WERROR.
set(WEIR_SANITIZE "" CACHE STRING "address (with undefined) or thread: a sanitizer build")

add_library(weir_flags INTERFACE)
# Contraction changes results between compilers; kern/ asks for it where it is wanted.
target_compile_options(weir_flags INTERFACE ${WEIR_WARNINGS} -ffp-contract=off)
target_compile_definitions(weir_flags INTERFACE _POSIX_C_SOURCE=200809L)
if(WEIR_SANITIZE STREQUAL "address")
  set(WEIR_SANITIZERS address,undefined)
else()
  set(WEIR_SANITIZERS "${WEIR_SANITIZE}")
endif()
if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZERS} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEIR_SANITIZERS})
endif()
if(WEIR_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "WEIR_FUZZ needs Clang (-DCMAKE_C_COMPILER=clang)")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
