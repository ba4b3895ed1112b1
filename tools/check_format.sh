#!/bin/sh
# The formatter (clang-format 14) has nothing to change in a tracked C file.
set -eu
cd "$(dirname "$0")/.."
git ls-files '*.c' '*.h' '*.inl' |
  while read -r file; do [ ! -e "$file" ] || echo "$file"; done |
  xargs clang-format-14 --dry-run -Werror
echo "check_format: nothing to change"
