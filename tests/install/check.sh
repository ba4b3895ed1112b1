#!/bin/sh
# check.sh BUILD VERSION: installs a build below a fresh folder, then builds and runs a
# consumer by the CMake package and one by pkg-config, moves the whole tree elsewhere and
# runs what was installed from there.
set -eu
build=$1
version=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

# same WHAT GOT: got is the version.
same() {
  [ "$2" = "$version" ] || { echo "$1: expected $version, got '$2'"; exit 1; }
}
present() {
  [ -s "$1" ] || { echo "not installed: ${1#"$prefix"/}"; exit 1; }
}

cmake --install "$build" --prefix "$prefix" >"$work/log"
library=$(dirname "$(find "$prefix" -name 'libweir.so')")

cmake -S "$here" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DVERSION_WANTED="$version" >>"$work/log"
cmake --build "$work/cmake" >>"$work/log"
same "C by CMake" "$("$work/cmake/from_c")"
same "C++ by CMake" "$("$work/cmake/from_cxx")"

PKG_CONFIG_PATH=$library/pkgconfig
export PKG_CONFIG_PATH
same "weir.pc" "$(pkg-config --modversion weir)"
cc -std=c17 -Wall -Werror "$here/main.c" -o "$work/by_pc" \
  $(pkg-config --cflags --libs weir)
same "C by pkg-config" "$(LD_LIBRARY_PATH=$library "$work/by_pc")"

if [ -e "$prefix/bin/weir" ]; then
  mv "$prefix" "$work/moved"
  prefix=$work/moved
  same "weir --version" "$("$prefix/bin/weir" --version | sed 's/^weir //; s/ .*//; q')"
  for page in weir weir-fit weir-sample; do
    present "$prefix/share/man/man1/$page.1"
  done
  present "$prefix/share/bash-completion/completions/weir"
  present "$prefix/share/zsh/site-functions/_weir"
  bash -n "$prefix/share/bash-completion/completions/weir"
fi
echo "installed $(find "$prefix" -type f | wc -l) files; consumers ran"
