#!/bin/sh
# Builds the kernels for 64-bit Arm (NEON through the compiler's vectors) and runs their
# tests under emulation. Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user.
# Minutes at most; no part of the usual checks. Usage: tools/check_arm.sh [FOLDER]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/arm}
cc=${CC_ARM:-aarch64-linux-gnu-gcc}
run=${RUN_ARM:-qemu-aarch64}
for tool in "$cc" "$run"; do
  command -v "$tool" >/dev/null || { echo "check_arm: $tool is not installed" >&2; exit 2; }
done
mkdir -p "$out"
common="-std=c17 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror"
common="$common -I$root/tools/arm -I$root/src -I$root/include -idirafter /usr/include"
cd "$out"
$cc $common -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math \
  -c "$root/src/kern/cpu/kern_base.c" -o kern_base.o
for file in src/kern/select.c src/kern/ref/ref.c src/base/rng.c; do
  $cc $common -O2 -ffp-contract=off -c "$root/$file" -o "$(basename "$file" .c).o"
done
for test in test_kern test_vmath; do
  $cc $common -O2 -ffp-contract=off "$root/tests/$test.c" kern_base.o select.o ref.o \
    rng.o -static -lm -o "$test"
  echo "$test, aarch64:"
  "$run" "./$test"
done
