#!/bin/sh
# check.sh INCLUDE CC [CXX]: every public header compiles alone, twice in one file, as C17
# and (where a compiler is given) as C++17, without a warning.
set -eu
include=$1
cc=$2
cxx=${3:-}
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only"
count=0
for header in $(cd "$include" && find weir -name '*.h' | LC_ALL=C sort); do
  unit=$(printf '#include "%s"\n#include "%s"\n' "$header" "$header")
  echo "$unit" | $cc -std=c17 $warnings -Wstrict-prototypes -I"$include" -x c - ||
    { echo "$header: not a C17 header of its own"; exit 1; }
  if [ -n "$cxx" ]; then
    echo "$unit" | $cxx -std=c++17 $warnings -I"$include" -x c++ - ||
      { echo "$header: not a C++17 header of its own"; exit 1; }
  fi
  count=$((count + 1))
done
echo "$count headers"
[ "$count" -gt 0 ]
