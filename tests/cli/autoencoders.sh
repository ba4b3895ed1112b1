# Every posterior, prior and likelihood of an autoencoder that a user can name, in pairs
# that let each meet several of the others: fitted for a few steps, read back from its
# file, measured, drawn from, rebuilt. In parts of the bound they are all one thing.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"

# 4 x 4 images of a bright row or column: grey levels, and 0 and 1.
awk 'BEGIN { for (i = 0; i < 60; i++) { g = ""; b = ""
  for (p = 0; p < 16; p++) {
    on = (i % 2 ? int(p / 4) : p % 4) == int(i / 2) % 4
    c = p ? "," : ""
    g = g c (on ? 255 - i % 3 : (i * 7 + p) % 11)
    b = b c (on ? 1 : (i * 7 + p) % 11 == 0) }
  print g >"grey.csv"; print b >"binary.csv" } }'

# try DATA [FIT OPTIONS]
try() {
  data=$1.csv
  shift
  "$WEIR" fit "$data" --image 4x4 --epochs 1 -q -o m.safetensors --seed 2 \
    --set model.latent_dim=3 --set model.samples=2 "$@" >out 2>err || fail "$*: $(cat err)"
  [ ! -s err ] || fail "$*: $(cat err)"
  "$WEIR" eval m.safetensors "$data" --image 4x4 --json >e.json 2>err ||
    fail "$*: eval: $(cat err)"
  for key in elbo reconstruction kl; do
    sed -n "s/.*\"$key\": *\([-0-9.e+]*\).*/\1/p" e.json | head -1
  done | tr '\n' ' ' >parts
  awk 'NF != 3 || $1 - ($2 - $3) > 1e-3 || $1 - ($2 - $3) < -1e-3 { exit 1 }' parts ||
    fail "$*: ELBO, reconstruction, KL: $(cat parts)"
  "$WEIR" sample m.safetensors -n 2 -o s.csv -q 2>err || fail "$*: sample: $(cat err)"
  "$WEIR" reconstruct m.safetensors "$data" -n 2 -o r.csv -q 2>err ||
    fail "$*: reconstruct: $(cat err)"
  ! grep -qi nan s.csv r.csv e.json || fail "$*: not a number"
  tried=$((tried + 1))
}
tried=0
narrow="--set model.hidden_features=6"

# Likelihoods by posteriors of every kind, a flow of length 2 where it is one.
# shellcheck disable=SC2086
likelihoods() {
  for of in 'grey bernoulli' 'binary bernoulli' 'grey normal' \
    'grey normal --set model.scale=fixed --set model.scale_value=0.1' \
    'grey normal --set model.scale=shared' 'grey normal --set model.scale=column' \
    'grey laplace' 'grey student_t'; do
    try ${of%% *} "$@" --set model.likelihood=${of#* }
  done
}
# shellcheck disable=SC2086
whole_numbers() {
  for of in 'discretized_logistic' 'discretized_logistic --set model.components=3' \
    'categorical'; do
    try grey "$@" --set model.likelihood=$of
  done
}
# shellcheck disable=SC2086
likelihoods --model vlae $narrow --set model.steps=2
# shellcheck disable=SC2086
likelihoods --model vae-iaf $narrow
# shellcheck disable=SC2086
whole_numbers --model vae $narrow --set model.posterior=full
whole_numbers --model svae --set 'model.encoder=[6]' --set 'model.decoder=[6]'
try binary --model svae --set 'model.encoder=[6]' --set 'model.decoder=[6]'
# Steps of a flow by data.
for step in planar radial householder rotation reverse \
  '{name: sylvester, kind: orthogonal}' '{name: sylvester, kind: householder}' \
  '{name: sylvester, kind: triangular}' '{name: coupling, map: affine}' \
  '{name: coupling, map: rqs}' '{name: inverse_autoregressive, map: gated}' \
  '{name: planar, net: {name: mlp, hidden: [6]}}'; do
  # shellcheck disable=SC2086
  try grey --model vae-flow $narrow --set model.length=2 --set "model.step=$step"
done
# Priors by posteriors.
for prior in normal '{name: normal, kind: diagonal}' '{name: gmm, components: 3}' \
  '{name: flow, layers: [{name: coupling, map: rqs}, reverse, autoregressive]}'; do
  for model in 'vae' 'vae --set model.posterior=full' 'vae-flow --set model.length=2' \
    'vae-iaf' 'vlae --set model.steps=1' 'cvae'; do
    # shellcheck disable=SC2086
    try binary --model $model $narrow --set "model.prior=$prior"
  done
done
# shellcheck disable=SC2086
try binary --model vae $narrow --set 'model.prior={name: vamp, components: 4}'
[ $tried -eq 60 ] || fail "$tried pairs"
