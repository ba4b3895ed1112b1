# Autoencoders through the program: figures of eval, labels as context, annealing and
# its interruption, numbers that run away.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"

# 4 x 4 images of a bright row or column, and which of the two.
awk 'BEGIN { for (i = 0; i < 120; i++) { s = ""
  for (p = 0; p < 16; p++) {
    at = i % 2 ? int(p / 4) : p % 4
    s = s (p ? "," : "") (at == int(i / 2) % 4 ? 1 : (i * 7 + p) % 11 == 0) }
  print s } }' >bars.csv
awk 'BEGIN { print "kind"; for (i = 0; i < 120; i++) print i % 2 ? "row" : "column" }' >kinds.csv
images="--image 4x4 --labels kinds.csv"
size="--set model.hidden_features=16 --set model.latent_dim=3 --set train.learning_rate=0.01
  --set train.batch_size=16 --set model.samples=8"

# fit and eval with the images and their labels: words of $images and $size are apart.
# shellcheck disable=SC2086
fit() {
  "$WEIR" fit bars.csv $images $size --seed 3 -q "$@"
}
# shellcheck disable=SC2086
evaluate() {
  model=$1
  shift
  "$WEIR" eval "$model" bars.csv $images --json "$@" 2>err
}

# near A B: tables of the same numbers, to rounding.
near() {
  paste -d, "$1" "$2" | awk -F, 'NR > 1 { for (i = 1; i <= NF / 2; i++) {
    d = $i - $(i + NF / 2); if (!(d < 1e-4 && d > -1e-4)) exit 1 } }
    END { if (NR < 2) exit 1 }' || fail "$1 and $2 differ"
}

# Parts of the bound are in the metrics of every evaluation, and add up to it.
fit --model vae --epochs 120 --patience -1 -o m.safetensors
[ "$(grep -c '"reconstruction": .*"kl": ' m.metrics.jsonl)" -eq \
  "$(wc -l <m.metrics.jsonl)" ] || fail "metrics without the parts of the bound"
tail -1 m.metrics.jsonl >last
within "$(field last valid)" \
  "$(awk -v r="$(field last reconstruction)" -v k="$(field last kl)" 'BEGIN { print r - k }')" 1e-4

# Figures, labels by neighbours, annealing, the bracket.
evaluate m.safetensors --neighbours 5 --ais 60 --ais-rows 12 --chains 8 --simulated 12 >e.json ||
  fail "$(cat err)"
for key in elbo reconstruction kl kl_per_latent kl_per_group active_units dead_latents \
  mutual_information mutual_information_cap reconstruction_error neighbours ais simulated \
  effective_chains acceptance gap; do
  has e.json "\"$key\": "
done
[ "$(awk -v a="$(sed 's/.*"accuracy": *\([0-9.]*\).*/\1/' e.json)" 'BEGIN { print (a > 0.9) }')" -eq 1 ] ||
  fail "neighbours"
low=$(sed 's/.*"lower": *\([-0-9.]*\).*/\1/' e.json)
high=$(sed 's/.*"upper": *\([-0-9.]*\).*/\1/' e.json)
within "$low" "$high" 1
# A reference table: of the same rows, the nearest is the row itself.
evaluate m.safetensors --neighbours 1 --reference bars.csv --reference-labels kinds.csv >r.json ||
  fail "$(cat err)"
has r.json '"accuracy": 1.0'
# The same bits with another number of threads.
evaluate m.safetensors --ais 20 --ais-rows 5 --threads 1 >one.json
evaluate m.safetensors --ais 20 --ais-rows 5 --threads 2 >two.json
cmp one.json two.json || fail "annealing depends on the threads"

# A stopped run says what its rows gave.
# shellcheck disable=SC2086
"$WEIR" eval m.safetensors bars.csv $images --ais 20000 --ais-rows 0 --chains 4096 >out 2>err &
pid=$!
# Until the program catches SIGINT (bit 1) it is ignored, as in all background jobs.
while [ -r /proc/$pid/status ] && ! grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status; do
  sleep 0.05
done
sleep 0.5
kill -INT $pid
got=0
wait $pid || got=$?
[ $got -eq 130 ] || fail "stopped: exit code $got"
has err 'stopped after 0 of 120 rows'

# Labels as context: the decoder follows them, and they are asked for. What the program
# says to do next can be done.
fit --model cvae --context label --epochs 100 --patience -1 -o c.safetensors
# shellcheck disable=SC2086
"$WEIR" fit bars.csv $images $size --model cvae --context label --epochs 1 \
  -o next.safetensors >out 2>err || fail "$(cat err)"
sed -n 's/^  weir selftest //p' out >next
# shellcheck disable=SC2046
"$WEIR" selftest $(cat next) >out 2>err || [ $? -eq 3 ] || fail "next: $(cat next err)"
has out 'float32 against float64'
"$WEIR" sample c.safetensors --context label=row -n 1 --mean -o s.csv -q
evaluate c.safetensors --neighbours 3 --ais 20 --ais-rows 3 --ais-from posterior >c.json ||
  fail "$(cat err)"
code 1 "$WEIR" eval c.safetensors bars.csv --image 4x4 2>err
has err '--labels'

# On the sphere.
# shellcheck disable=SC2086
"$WEIR" fit bars.csv $images --model svae --set model.latent_dim=2 --set model.samples=8 \
  --set model.encoder=[16] --set model.decoder=[16] --epochs 5 -o s.safetensors -q
evaluate s.safetensors --neighbours 3 --ais 20 --ais-rows 3 >s.json || fail "$(cat err)"
has s.json '"distance": "cosine"'

# The same draws in either number type, by inversion on this sphere and by rejection on
# others.
# shellcheck disable=SC2086
"$WEIR" fit bars.csv $images --model svae --set model.latent_dim=4 --set model.samples=8 \
  --set model.encoder=[16] --set model.decoder=[16] --epochs 5 -o s4.safetensors -q
for model in s s4; do
  for type in f32 f64; do
    "$WEIR" encode $model.safetensors bars.csv --dtype $type -o $type.csv -q
  done
  near f32.csv f64.csv
done

# A way from one end of the sphere to the other stays on it: through the decoder, the
# same as of unit vectors given as latents. Halfway between two rows lies the middle of
# their arc.
"$WEIR" encode s.safetensors bars.csv -o z.csv -q
awk -F, 'NR > 1 && ($1 * $1 + $2 * $2 + $3 * $3 - 1) ^ 2 > 1e-9 { exit 1 }' z.csv ||
  fail "latents off the sphere"
"$WEIR" traverse s.safetensors --latent 2 --steps 5 -o t.csv -q
awk 'BEGIN { print "z1,z2,z3"; for (v = -1; v <= 1; v += 0.5) { o = sqrt((1 - v * v) / 2)
  printf "%.17g,%.17g,%.17g\n", o, v, o } }' >line.csv
"$WEIR" decode s.safetensors line.csv --mean -o d.csv -q
near t.csv d.csv
"$WEIR" traverse s.safetensors bars.csv --row 3 --latent 1 --range 0.6,0.8 --steps 2 -o t.csv -q
"$WEIR" encode s.safetensors bars.csv --mean -o z.csv -q
sed -n 4p z.csv | awk -F, 'BEGIN { print "z1,z2,z3" } { r = sqrt($2 * $2 + $3 * $3)
  for (v = 0.6; v < 0.9; v += 0.2) { o = sqrt(1 - v * v) / r
    printf "%.17g,%.17g,%.17g\n", v, $2 * o, $3 * o } }' >line.csv
"$WEIR" decode s.safetensors line.csv --mean -o d.csv -q
near t.csv d.csv
"$WEIR" interpolate s.safetensors bars.csv --between 3,8 --steps 3 -o t.csv -q
awk -F, 'NR == 4 || NR == 9 { for (i = 1; i <= 3; i++) m[i] += $i }
  END { r = sqrt(m[1] ^ 2 + m[2] ^ 2 + m[3] ^ 2); print "z1,z2,z3"
    printf "%.17g,%.17g,%.17g\n", m[1] / r, m[2] / r, m[3] / r }' z.csv >middle.csv
"$WEIR" decode s.safetensors middle.csv --mean -o d.csv -q
sed -n '1p;3p' t.csv >m.csv
near m.csv d.csv

# Grey levels taken as real numbers: draws between them are no failure.
"$WEIR" fit bars.csv --image 4x4 --column '*=ordinal(1,0,256)' --model vae --epochs 1 \
  --set model.likelihood=normal -o grey.safetensors -q
"$WEIR" selftest grey.safetensors bars.csv --image 4x4 >out 2>err || true
has out 'takes columns with two ends as real numbers'
! grep -q '^failed' out || fail "$(cat out)"

# All latents of a model that must not use them have died, and are named.
fit --model vae --epochs 20 --set train.objective.beta=1000 -o dead.safetensors
"$WEIR" eval dead.safetensors bars.csv --image 4x4 >out 2>err || fail "$(cat err)"
has out 'active latents           0 of 3'
has out 'collapsed latents        z1 z2 z3'
! "$WEIR" eval m.safetensors bars.csv --image 4x4 | grep -q collapsed ||
  fail "a latent that is used is said to have died"

# More latents than columns: said, and fitted.
"$WEIR" fit bars.csv --image 4x4 --model vae --set model.latent_dim=17 --epochs 1 \
  -o wide.safetensors 2>err >out || fail "$(cat err)"
has err "17 dimensions, more than the data's 16 columns"

# The report draws the parts of the bound.
# shellcheck disable=SC2086
"$WEIR" report m.safetensors bars.csv $images -o r.html --permutations 20 -q
has r.html 'Parts of the bound by step'

# A scale and a concentration that are far from what they should be are named, once.
table 100 | cut -d, -f1,2 >few.csv
"$WEIR" fit few.csv --column '*=real' --model vae --epochs 2 \
  --set model.likelihood=spec --set train.learning_rate=1e-6 -o few.safetensors \
  --set 'model.likelihood_spec={name: normal, kind: diagonal, scale: shared, scale_value: 1e-7}' \
  2>err >out || fail "$(cat err)"
[ "$(grep -c 'the log scale of .*likelihood.dist runs away' err)" -eq 1 ] || fail "scale: $(cat err)"
# shellcheck disable=SC2086
"$WEIR" fit bars.csv $images --model svae --set model.latent_dim=2 --epochs 1 \
  --set model.least_kappa=1e6 -o s.safetensors 2>err >out || fail "$(cat err)"
has err 'the concentration kappa of'
