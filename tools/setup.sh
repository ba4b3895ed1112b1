#!/bin/sh
# setup.sh demo|test|ci: installs the Debian or Ubuntu packages that are missing. Without
# root it prints the one command that does and stops.
set -eu
purpose=${1:-test}
missing=

# need PACKAGE COMMAND...: the package is missing when the command fails.
need() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}
program() { command -v "$1"; }
library() { pkg-config --exists "$1"; }
# header NAME: some compiler here finds it.
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }
# links CC FLAG: the compiler has the runtime that a flag asks for.
links() {
  folder=$(mktemp -d)
  code=0
  echo 'int main(void) { return 0; }' | "$1" "$2" -x c - -o "$folder/a" || code=1
  rm -rf "$folder"
  return $code
}

need build-essential program cc
need cmake program cmake
need make program make
need pkg-config program pkg-config
need libjansson-dev library jansson
need librandom123-dev header Random123/philox.h
need libyaml-dev library yaml-0.1
need zlib1g-dev library zlib
need libpng-dev library libpng
need libturbojpeg0-dev library libturbojpeg
if [ "$purpose" != demo ]; then
  need libcmocka-dev library cmocka
  need g++ program c++
  need python3 program python3
  need git program git
fi
if [ "$purpose" = ci ]; then
  need clang program clang
  need clang-format-14 program clang-format-14
  need clang-tidy-14 program clang-tidy-14
  need libclang-rt-14-dev links clang -fsanitize=thread
fi

[ -n "$missing" ] || exit 0
command="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
  echo "setup: missing, under their Debian names:$missing" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: some packages are missing. Run this as root, then try again:" >&2
  echo "  apt-get update && $command" >&2
  exit 1
fi
echo "setup: installing$missing"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive $command
