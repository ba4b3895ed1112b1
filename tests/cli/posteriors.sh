# The posteriors of examples/posteriors: gradients agree with differences, and the
# no-U-turn sampler runs on one; data that do not fit are refused with their reason.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
models="$(dirname "$WEIR")/examples/posteriors"
[ -d "$models" ] || exit 0
check() {
  printf '%s' "$2" >data.json
  "$WEIR" infer "$models/$1.so" --data data.json --check-gradient >out 2>err ||
    fail "$1: $(cat err)"
}
v='[1.2, 0.7, 2.1, 1.9, 0.4, 3.1]'
ones='[1, 0, 1, 1, 0, 0]'
check eight_schools_noncentered "{\"J\": 6, \"y\": $v, \"sigma\": $v}"
check arK "{\"K\": 2, \"T\": 6, \"y\": $v}"
check garch11 "{\"T\": 6, \"y\": $v, \"sigma1\": 0.5}"
check kidscore_interaction "{\"N\": 6, \"kid_score\": $v, \"mom_hs\": $ones, \"mom_iq\": $v}"
check logmesquite "{\"N\": 6, \"weight\": $v, \"diam1\": $v, \"diam2\": $v,
  \"canopy_height\": $v, \"total_height\": $v, \"density\": $v, \"group\": $ones}"
check nes "{\"N\": 6, \"partyid7\": $v, \"real_ideo\": $v, \"race_adj\": $ones,
  \"age_discrete\": [1, 2, 3, 4, 2, 3], \"educ1\": $v, \"gender\": $ones, \"income\": $v}"
printf '%s' '{"N": 3, "ts": [1, 2, 3], "y_init": [30, 4], "y": [[47, 6], [70, 10], [77, 35]]}' >data.json
"$WEIR" infer "$models/lotka_volterra.so" --data data.json --chains 1 --warmup 50 \
  --draws 20 --json >out 2>err || fail "lotka_volterra: $(cat err)"
grep -q '"z_init\[2\]"' out || fail "lotka_volterra: names"
printf '%s' '{"y": [1, 2], "sigma": [1]}' >data.json
! "$WEIR" infer "$models/eight_schools_noncentered.so" --data data.json >out 2>err ||
  fail "sizes that disagree pass"
grep -q 'y \[n\] and sigma \[n\]' err || fail "no reason given: $(cat err)"
