# From a table to a model and through every verb that uses one.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 1500 >a.csv

"$WEIR" fit a.csv $small -o m.safetensors --epochs 8 --seed 3 >fit.txt 2>fit.err
for f in m.safetensors m.yaml m.metrics.jsonl; do
  [ -s "$f" ] || fail "no $f"
  has fit.txt "$f"
done
[ ! -e m.safetensors.ckpt ] || fail "the checkpoint was left behind"
has fit.txt "150 test rows"
has fit.txt "Gaussian, full covariance"
has fit.txt "weir sample m.safetensors"
has fit.err "site"
has fit.err "categorical"

# eval agrees with the mean of logprob.
"$WEIR" eval m.safetensors a.csv --json >eval.json
[ "$(field eval.json n)" = 1500 ] || fail "n"
has eval.json '"kind": "bound"'
"$WEIR" logprob m.safetensors a.csv -o lp.csv
[ "$(head -1 lp.csv)" = log_prob ] || fail "header of logprob"
[ "$(wc -l <lp.csv)" -eq 1501 ] || fail "rows of logprob"
mean=$(awk 'NR > 1 { s += $1 } END { printf "%.12g", s / (NR - 1) }' lp.csv)
within "$mean" "$(field eval.json mean_log_prob)" 1e-5
# Components sum to the last column.
"$WEIR" logprob m.safetensors a.csv --components | awk -F, 'NR > 1 { s = 0
  for (i = 1; i < NF; i++) s += $i
  if (s - $NF > 1e-3 || $NF - s > 1e-3) bad = 1 } END { exit bad }' || fail "components"
# The lowest rows are the smallest of all, with their lines.
"$WEIR" logprob m.safetensors a.csv --lowest 5 >low.csv
[ "$(head -1 low.csv)" = "line,x,y,site,count,log_prob" ] || fail "header of --lowest"
lowest=$(awk 'NR > 1' lp.csv | sort -g | head -1)
[ "$(sed -n 2p low.csv | sed 's/.*,//')" = "$lowest" ] || fail "the lowest row"
line=$(sed -n 2p low.csv | cut -d, -f1)
[ "$(sed -n "${line}p" a.csv | cut -d, -f3)" = "$(sed -n 2p low.csv | cut -d, -f4)" ] ||
  fail "the line of the lowest row"

# Draws are a table like the input.
"$WEIR" sample m.safetensors -n 700 --seed 5 -o s.csv
[ "$(head -1 s.csv)" = "x,y,site,count" ] || fail "header of sample"
awk -F, 'NR > 1 && ($3 !~ /^[AB]$/ || $4 !~ /^-?[0-9]+$/) { bad = 1 } END { exit bad }' s.csv ||
  fail "types of sample"
[ "$(wc -l <s.csv)" -eq 701 ] || fail "rows of sample"
"$WEIR" sample m.safetensors -n 300 --seed 5 | cmp - "$(head -301 s.csv >head.csv; echo head.csv)" ||
  fail "a draw depends on how many there are"
"$WEIR" eval m.safetensors s.csv -q >/dev/null

# Latents and back: categories and counts exactly, numbers to single precision.
"$WEIR" encode m.safetensors a.csv | "$WEIR" decode m.safetensors - >back.csv
paste -d, a.csv back.csv | awk -F, 'NR > 1 { d = $1 - $5; e = $2 - $6
  if (d * d > 1e-6 || e * e > 1e-6 || $3 != $7 || $4 != $8) bad = 1 } END { exit bad }' ||
  fail "decode of encode"

"$WEIR" info m.safetensors >info.txt
has info.txt "nsf"
has info.txt "held out"
"$WEIR" info m.safetensors --json >info.json
has info.json '"features": 4'

# A conditional density; the written configuration repeats the run.
"$WEIR" fit a.csv $small -o c.safetensors --context site --epochs 4 --dtype f64 \
  --column 'y=interval(-20,20)' --test-fraction 0.2 -q
"$WEIR" sample c.safetensors -n 50 --context site=B >cs.csv
[ "$(awk -F, 'NR > 1 && $3 == "B"' cs.csv | wc -l)" -eq 50 ] || fail "context of sample"
"$WEIR" sample c.safetensors --context-file a.csv | cut -d, -f3 >sites
cut -d, -f3 a.csv | cmp - sites || fail "--context-file"
"$WEIR" encode c.safetensors a.csv | "$WEIR" decode c.safetensors - | cut -d, -f3,4 >cb.csv
cut -d, -f3,4 a.csv | cmp - cb.csv || fail "conditional decode of encode"
# A model computes in the number type that is asked for: float32 and float64 agree to
# rounding, and are not the same numbers.
"$WEIR" logprob c.safetensors a.csv -o d64.csv
"$WEIR" logprob c.safetensors a.csv --dtype f32 -o d32.csv
cmp -s d64.csv d32.csv && fail "--dtype f32 changes nothing"
paste -d, d64.csv d32.csv | awk -F, 'NR > 1 && ($1 - $2) ^ 2 > 1e-6 { exit 1 }' ||
  fail "--dtype f32 of a float64 model"
"$WEIR" logprob m.safetensors a.csv -o s32.csv
"$WEIR" logprob m.safetensors a.csv --dtype f64 -o s64.csv
cmp -s s64.csv s32.csv && fail "--dtype f64 changes nothing"
"$WEIR" sample m.safetensors -n 20 --dtype f64 -q >/dev/null
"$WEIR" fit --config c.yaml -o c2.safetensors -q
"$WEIR" logprob c.safetensors a.csv -o l1.csv
"$WEIR" logprob c2.safetensors a.csv -o l2.csv
cmp l1.csv l2.csv || fail "the written configuration gives another model"

# A dry run writes nothing and prints what fit would use.
"$WEIR" fit a.csv --set model.bins=5 --dry-run >dry.yaml 2>dry.err
has dry.yaml "bins: 5"
has dry.err "parameters"
# Text columns, gz, NPY out.
gzip -c a.csv >a.csv.gz
"$WEIR" logprob m.safetensors a.csv.gz -o lp.npy
[ "$(head -c 6 lp.npy | tail -c 5)" = NUMPY ] || fail "npy"

# The model keeps its word; a failed promise would be exit code 3. Two columns: by
# quadrature.
cut -d, -f1,2 a.csv >r.csv
"$WEIR" fit r.csv $small -o r.safetensors --epochs 8 -q
"$WEIR" selftest r.safetensors r.csv >self.txt || { cat self.txt; fail "selftest"; }
has self.txt "ok:"
"$WEIR" selftest m.safetensors a.csv --json --rows 200 >self.json || fail "selftest --json"
has self.json '"ok": true'

# One HTML file with nothing fetched from elsewhere.
"$WEIR" report r.safetensors r.csv -o r.html --rows 300 --permutations 50 -q
has r.html "</html>"
has r.html "weir report r.safetensors r.csv"
! grep -qE '(src|href)="?https?:' r.html || fail "the report fetches"
"$WEIR" report r.safetensors r.csv -o r2.html --rows 300 --permutations 50 -q --threads 1
sed 's/--threads 1//' r2.html | cmp - r.html || fail "the report differs between runs"
