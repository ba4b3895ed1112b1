# Standard streams, closed pipes, what goes where.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 600 >a.csv
"$WEIR" fit - $small -o m.safetensors --epochs 2 -q <a.csv

# A table through a pipe; results on stdout, nothing on stderr.
"$WEIR" logprob m.safetensors - <a.csv >lp.csv 2>err
[ ! -s err ] || fail "logprob speaks"
"$WEIR" logprob m.safetensors a.csv | cmp - lp.csv || fail "stdin and file differ"
"$WEIR" logprob m.safetensors a.csv -o - | cmp - lp.csv || fail "-o -"

# The noise on an ordinal column follows the row's number in its file: blocks, eval, a
# pipe and a row left out before change nothing.
table 9000 >long.csv
"$WEIR" logprob m.safetensors long.csv -o long-lp.csv
"$WEIR" eval m.safetensors long.csv --json >long.json
within "$(awk 'NR > 1 { s += $1 } END { printf "%.12f", s / (NR - 1) }' long-lp.csv)" \
  "$(field long.json mean_log_prob)" 1e-9
{ sed -n 1p long.csv; sed -n 8500p long.csv; } >one.csv
[ "$("$WEIR" logprob m.safetensors one.csv | tail -1)" != "$(sed -n 8500p long-lp.csv)" ] ||
  fail "row 1 of a file has the noise of row 8499"
sed '100s/^[^,]*/NA/' long.csv >gap.csv
"$WEIR" logprob m.safetensors gap.csv --drop-missing -q -o gap-lp.csv
sed 100d long-lp.csv >want.csv
sed 100d gap-lp.csv | cmp - want.csv || fail "a row left out changes others"
"$WEIR" encode m.safetensors long.csv -o long-z.csv
"$WEIR" encode m.safetensors gap.csv --drop-missing -q -o gap-z.csv
sed 100d long-z.csv >want.csv
sed 100d gap-z.csv | cmp - want.csv || fail "a row left out changes latents"

# A reader that leaves is no error.
for verb in "sample m.safetensors -n 1000000" "logprob m.safetensors big.csv" \
  "encode m.safetensors big.csv"; do
  [ -s big.csv ] || table 60000 >big.csv
  { "$WEIR" $verb 2>err; echo $? >rc; } | head -2 >/dev/null
  [ "$(cat rc)" -eq 0 ] || { cat err >&2; fail "closed pipe: $verb"; }
  [ ! -s err ] || { cat err >&2; fail "closed pipe is spoken of: $verb"; }
done
"$WEIR" list presets | head -1 >/dev/null || fail "closed pipe: list"

# --quiet: errors only. Off a terminal progress is JSON lines on stderr, and no more
# than one every few seconds.
"$WEIR" fit a.csv $small -o q.safetensors --epochs 2 -q >out 2>err
[ ! -s out ] && [ ! -s err ] || fail "--quiet"
"$WEIR" fit a.csv $small -o q.safetensors --epochs 30 >out 2>err
[ "$(grep -c '^{"step"' err)" -le 12 ] || fail "too many progress lines"
has err '"rows_per_second"'
"$WEIR" fit a.csv $small -o q.safetensors --epochs 2 --json >out 2>/dev/null
[ "$(wc -l <out)" -eq 1 ] || fail "--json prints more than JSON"
has out '"mean_log_prob"'
has out '"gaussian"'

# --json beside data says what was done.
"$WEIR" sample m.safetensors -n 10 -o s.csv --json >out
has out '"rows": 10'
"$WEIR" sample m.safetensors -n 10 --json >out 2>err
has err '"rows": 10'
cmp out s.csv || fail "sample on stdout and in a file differ"

# Missing values: refused, or left out with their rows kept in place. (No counts here:
# the noise that a count is dequantised with depends on the row's place.)
cut -d, -f1-3 a.csv >r.csv
"$WEIR" fit r.csv $small -o r.safetensors --epochs 2 -q
"$WEIR" logprob r.safetensors r.csv >rlp.csv
sed '5s/^[^,]*/NA/' r.csv >gap.csv
code 1 "$WEIR" logprob r.safetensors gap.csv >out 2>err
has err "line 5"
"$WEIR" logprob r.safetensors gap.csv --drop-missing >out
[ "$(sed -n 5p out)" = NaN ] || fail "the row left out has a number"
sed 5d out >rest
sed 5d rlp.csv | cmp - rest || fail "rows shifted"
