# Every command line of the tutorial and of the pages on conditional densities and posteriors runs as it
# stands, but for shorter training.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
ln -s "$WEIR_SOURCE_DIR/data" data
grep -h '^    weir ' "$WEIR_SOURCE_DIR/docs/tutorial.md" \
  "$WEIR_SOURCE_DIR/docs/conditional.md" "$WEIR_SOURCE_DIR/docs/posteriors.md" |
  sed -e 's/^ *weir //' -e 's/--time-limit [0-9]*/--time-limit 2/' >commands
[ "$(wc -l <commands)" -ge 10 ] || fail "no commands in the docs"
while read -r line; do
  # The words of a documented command need no quoting.
  # shellcheck disable=SC2086
  "$WEIR" $line >out 2>err </dev/null || {
    cat err
    fail "weir $line"
  }
done <commands
