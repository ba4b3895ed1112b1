#!/bin/sh
# check_tidy.sh: clang-tidy 14 (.clang-tidy) over the library and the program.
set -eu
cd "$(dirname "$0")/.."
build=build/tidy
cmake -S . -B $build -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build $build --target weir_build_h >/dev/null
# One file at a time: the checker of variable arguments errs when it sees several.
git ls-files 'src/*.c' | grep -v '^src/kern/' |
  xargs -P "$(nproc)" -n 1 clang-tidy-14 -p $build --quiet 2>/dev/null
echo "check_tidy: nothing found"
