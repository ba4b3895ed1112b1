# Every command line of the tutorial and of the pages on conditional densities, posteriors,
# autoencoders and inference runs as it stands, but for shorter training.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
ln -s "$WEIR_SOURCE_DIR/data" data
cp "$WEIR_TEST_MODULES/../examples/example_infer_model.so" model.so
echo '{"mu": 4, "tau": 3, "eta": [0, 0, 0, 0, 0, 0, 0, 0]}' >inits.json
awk 'BEGIN { for (i = 0; i < 20; i++) print i, 1 + 0.5 * i + sin(7 * i) }' >points.txt
grep -h -E '^ {4,}weir ' "$WEIR_SOURCE_DIR/docs/tutorial.md" \
  "$WEIR_SOURCE_DIR/docs/conditional.md" "$WEIR_SOURCE_DIR/docs/posteriors.md" \
  "$WEIR_SOURCE_DIR/docs/infer.md" "$WEIR_SOURCE_DIR/docs/fits.md" \
  "$WEIR_SOURCE_DIR/docs/vae.md" |
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

# The commands of the readme, on files that are called as there.
mkdir readme
cd readme
table 300 >table.csv
table 200 >test.csv
ln -s ../model.so model.so
cp ../points.txt data.json
{ printf '\000\000\010\003\000\000\000\074\000\000\000\004\000\000\000\004'
  head -c 960 "$WEIR"; } | gzip >images.idx.gz
grep -E '^ {4,}weir ' "$WEIR_SOURCE_DIR/README.md" |
  sed -e 's/^ *weir //' -e 's/ *#.*//' -e '/^fit/s/$/ --epochs 2 --quiet/' >commands
[ "$(wc -l <commands)" -ge 8 ] || fail "no commands in the readme"
while read -r line; do
  # shellcheck disable=SC2086
  "$WEIR" $line >out 2>err </dev/null || {
    cat err
    fail "weir $line"
  }
done <commands
cd ..

# The words that docs/troubleshooting.md explains stand in messages of the program.
cat $(find "$WEIR_SOURCE_DIR/src" -name '*.c') | tr -d '\n' | sed 's/" *"//g' >literals
sed -n '/^| `/p' "$WEIR_SOURCE_DIR/docs/troubleshooting.md" | cut -d'|' -f2 |
  grep -o '`[^`]*`' | tr -d '`' >explained
[ "$(wc -l <explained)" -ge 20 ] || fail "docs/troubleshooting.md has no table"
while read -r words; do
  has literals "$words"
done <explained
