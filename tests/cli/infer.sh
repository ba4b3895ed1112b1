# weir infer: files, codes, shared objects, stopping and going on.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
so=$WEIR_TEST_MODULES

"$WEIR" infer normal --set target.dim=3 -n 600 --warmup 200 -o a.csv --seed 3 >out 2>err
has out "chains agree"
for k in 1 2 3 4; do
  [ "$(grep -vc '^#' a_$k.csv)" -eq 601 ] || fail "a_$k.csv: rows"
  grep -q '^lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,x.1,x.2,x.3$' a_$k.csv ||
    fail "a_$k.csv: header"
  grep -q '^# Step size = ' a_$k.csv || fail "a_$k.csv: step size"
done
[ ! -e a.csv.ckpt ] || fail "checkpoint left"

# The same bits on another number of threads.
"$WEIR" infer normal --set target.dim=3 -n 600 --warmup 200 -o b.csv --seed 3 --threads 1 -q
cmp a_2.csv b_2.csv

# The page, with a chain that diverged.
"$WEIR" infer eight_schools --set target.form=centred --report r.html -q
for word in 'Traces and ranks' 'Pairs' 'Energies' 'chain c3' 'diverged' 'theta[8]' '</html>'; do
  has r.html "$word"
done
grep -q -i '[^a-z]nan[^a-z]' r.html && fail "NaN in the page"

# One array and its names.
"$WEIR" infer funnel -n 100 --warmup 100 -o d.npy --json >json 2>err
head -c 128 d.npy | grep -q "'shape': (4, 100, 2)" || fail "npy header"
has d.json '"x[2]"'
has json '"verdict"'

# A configuration, and options over it.
cat >c.yaml <<'END'
target: {name: normal, dim: 2}
infer: {chains: 2, draws: 50, warmup: 50, method: {name: hmc, length: 1.0}}
END
"$WEIR" infer --config c.yaml --draws 60 --json 2>err >json
has json '"draws": 60'
has json '"length": 1.0'

# A shared object: names, bounds, data.
echo 'rate 4' >rate
"$WEIR" infer "$so/module_good.so" --data rate --check-gradient >out
has out "agrees"
"$WEIR" infer "$so/module_good.so" --data rate --json >json 2>err
has json '"name": "wait"'
has json '"name": "share"'

# Asked for more than it is: 3.
code=0
"$WEIR" infer mixture --set target.radius=10 --set infer.init_radius=15 --fail-rhat 1.01 \
  -n 100 --warmup 100 >out 2>err || code=$?
[ $code -eq 3 ] || fail "--fail-rhat: $code"
has err "R-hat is"

expect_3() {
  word=$1
  shift
  code=0
  "$WEIR" infer "$@" -q >out 2>err || code=$?
  [ $code -eq 3 ] || fail "$*: exit code $code: $(cat err)"
  has err "$word"
  [ "$(wc -l <err)" -eq 1 ] || fail "$*: $(cat err)"
}
expect_3 'k-hat is' banana --method vi --fail-khat auto --seed 1
expect_3 'k-hat is' normal --method vi --fail-khat -9 --seed 1
"$WEIR" infer normal --method vi --fail-khat auto --fail-rhat 1.05 --seed 1 -q

# A mode that the fit does not visit: k-hat is content, short chains are not.
"$WEIR" infer mixture --set target.sd=0.3 --method vi --fail-khat auto --seed 1 -q
expect_3 'do not use these draws' mixture --set target.sd=0.3 --method vi --fail-modes --seed 1
"$WEIR" infer mixture --set target.sd=0.3 --method vi --check-modes --seed 1 --json \
  --report r.html >json 2>err
has json '"good": false'
has json '"modes": {"good": false'
has json '"output": "x['
for word in 'Missed modes' 'share of mass missed' 'Tail of the importance weights'; do
  has r.html "$word"
done
"$WEIR" infer eight_schools --fail-modes --seed 1 >out
has out "no mode was found"

# All draws as one plain table, which fit reads.
"$WEIR" infer banana -n 200 --warmup 200 --format table -o t.csv -q
[ "$(wc -l <t.csv)" -eq 801 ] || fail "t.csv: rows"
"$WEIR" fit t.csv --model gaussian --epochs 1 -o t.safetensors -q

# Start points.
echo '[{"x": [1, 2]}, {"x": [-3, 4]}]' >init.json
"$WEIR" infer normal --set target.dim=2 --init init.json --chains 2 --warmup 0 -n 1 \
  --method rwm --set infer.method.step=1e-9 -o i.csv -q
grep -v '^#' i_2.csv | tail -1 | awk -F, '{ exit !($8 < -2.9 && $9 > 3.9) }' || fail "--init"

# Calibration: ranks, page, going on, a verdict.
calibrate() {
  "$WEIR" infer eight_schools --calibrate 30 --warmup 100 --draws 40 --seed 2 "$@"
}
calibrate -o ranks.csv --report r.html >out
has out 'calibrated posteriors'
has r.html 'Ranks of the truth'
[ "$(wc -l <ranks.csv)" -eq 31 ] || fail "ranks.csv: rows"
head -1 ranks.csv | grep -q '^mu,tau,eta\[1\]' || fail "ranks.csv: header"
calibrate --threads 1 -o again.csv -q
cmp ranks.csv again.csv
calibrate -o parts.csv -q &
pid=$!
sleep 0.05
kill -TERM $pid 2>/dev/null || true
code=0
wait $pid || code=$?
[ $code -eq 143 ] || [ $code -eq 0 ] || fail "SIGTERM: $code"
calibrate -o parts.csv -q --resume
cmp ranks.csv parts.csv
expect_3 'too narrow' eight_schools --method vi --set infer.method.family=meanfield \
  --set target.form=centred --set infer.method.start=none --set infer.method.steps=400 \
  --calibrate 60 --fail-calibration --seed 2

# Failing calls are counted and reported.
"$WEIR" infer "$so/module_fails.so" -n 100 --warmup 100 >out 2>err
has out "failed and were rejected: weir_target_eval returned 3"

# Stopped by a signal, resumed: as in one go.
run() {
  "$WEIR" infer survey --set target.rows=300 --chains 2 --warmup 60 -n 40 --seed 5 -q "$@"
}
run -o whole.csv
run -o parts.csv &
pid=$!
sleep 0.3
kill -TERM $pid 2>/dev/null || true
code=0
wait $pid || code=$?
[ $code -eq 143 ] || [ $code -eq 0 ] || fail "SIGTERM: $code"
run -o parts.csv --resume
cmp whole_1.csv parts_1.csv
cmp whole_2.csv parts_2.csv
