# Images from end to end: a table that is said to be images, a convolutional autoencoder,
# pictures, ways through the latent, a folder of PNG files, a report.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"

# png FILE: it is one.
png() {
  [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || fail "$1 is no PNG file"
}

# 8 x 8 images of a bright row or column, and which of the two.
awk 'BEGIN { for (i = 0; i < 160; i++) { s = ""
  for (p = 0; p < 64; p++) {
    at = i % 2 ? int(p / 8) : p % 8
    s = s (p ? "," : "") (at == int(i / 2) % 8 ? 255 : (i * 7 + p) % 9) }
  print s } }' >bars.csv
awk 'BEGIN { for (i = 0; i < 160; i++) print i % 2 ? "row" : "column" }' >kinds.csv
sed -i '1i kind' kinds.csv
"$WEIR" fit bars.csv --image 8x8 --labels kinds.csv --model vae-conv \
  --set model.channels=4 --set model.hidden_features=16 --set model.latent_dim=3 \
  --set model.samples=4 --set train.learning_rate=0.01 --set train.batch_size=16 \
  --epochs 30 -o bars.safetensors 2>err >out || fail "$(cat err)"
grep -q 'label *ignored' out err || fail "the label is not ignored"

"$WEIR" sample bars.safetensors -n 6 --grid 3 -o s.png -q && png s.png
"$WEIR" reconstruct bars.safetensors bars.csv -n 5 -o r.png -q && png r.png
"$WEIR" interpolate bars.safetensors bars.csv --between 1,2 -o i.png -q && png i.png
"$WEIR" traverse bars.safetensors -o t.png -q && png t.png
"$WEIR" sample bars.safetensors -n 2 -o s.npy -q
head -c 128 s.npy | grep -q '(2, 8, 8)' || fail "NPY without the shape of the images"

# Rows asked for; the ends of a line are the rows rebuilt; a line per latent.
"$WEIR" reconstruct bars.safetensors bars.csv --rows 9,3-4 -o r.csv -q
[ "$(wc -l <r.csv)" -eq 4 ] || fail "reconstruct: rows"
"$WEIR" interpolate bars.safetensors bars.csv --between 3,9 --steps 4 -o i.csv -q
[ "$(sed -n 2p i.csv)" = "$(sed -n 2p r.csv)" ] || fail "interpolate: the first end"
[ "$(sed -n 5p i.csv)" = "$(sed -n 4p r.csv)" ] || fail "interpolate: the last end"
"$WEIR" traverse bars.safetensors bars.csv --row 3 --latent 2,3 --steps 5 -o t.csv -q
[ "$(wc -l <t.csv)" -eq 11 ] || fail "traverse: rows"

# A flow gives its rows back, also with a context.
table 60 >a.csv
"$WEIR" fit a.csv --model nsf --epochs 1 --context site -o a.safetensors -q
"$WEIR" reconstruct a.safetensors a.csv -o b.csv -q
paste -d, a.csv b.csv | awk -F, 'NR > 1 { for (i = 1; i <= NF / 2; i++) {
    d = $i - $(i + NF / 2); if (d > 1e-3 || d < -1e-3) exit 1 } }' || fail "flow: rows"
"$WEIR" interpolate a.safetensors a.csv --between 1,2 --steps 3 -o i.csv -q
[ "$(sed -n 3p i.csv)" != "$(sed -n 2p i.csv)" ] || fail "interpolate: nothing changes"
[ "$(sed -n 3p i.csv)" != "$(sed -n 4p i.csv)" ] || fail "interpolate: nothing changes"
"$WEIR" traverse a.safetensors --context site=A --latent 1 --steps 3 -o t.csv -q
[ "$(sed -n 2p t.csv)" != "$(sed -n 4p t.csv)" ] || fail "traverse: nothing changes"

"$WEIR" report bars.safetensors bars.csv --image 8x8 --labels kinds.csv -o report.html \
  --permutations 20 -q
grep -q 'data:image/png;base64,iVBORw0KGgo' report.html || fail "report: no pictures"
grep -q 'column' report.html || fail "report: no labels"

# A folder of pictures, its folders as labels.
if "$WEIR" doctor | grep -q png; then
  mkdir -p d/row d/column
  for i in 1 2 3; do
    "$WEIR" reconstruct bars.safetensors bars.csv --rows $((2 * i)) -o x.csv -q
    "$WEIR" sample bars.safetensors -n 1 --seed $i -o d/row/$i.png -q
    "$WEIR" sample bars.safetensors -n 1 --seed 1$i -o d/column/$i.png -q
  done
  "$WEIR" fit d --model gaussian --epochs 1 -o d.safetensors --set data.test_fraction=0 \
    --set data.valid_fraction=0 2>err >out || fail "folder: $(cat err)"
  grep -q 'label *ignored' out err || fail "folder: no labels"
  "$WEIR" logprob bars.safetensors d -o l.csv -q
  [ "$(wc -l <l.csv)" -eq 7 ] || fail "folder: rows"

  # Every command of docs/images.md, on a folder that is called as there.
  mkdir -p digits/seven digits/nine
  for i in 1 2 3 4 5 6 7 8; do
    "$WEIR" sample bars.safetensors -n 1 --seed 2$i -o digits/seven/$i.png -q
    "$WEIR" sample bars.safetensors -n 1 --seed 3$i -o digits/nine/$i.png -q
  done
  grep -h '^    weir ' "$WEIR_SOURCE_DIR/docs/images.md" |
    sed -e 's/^ *weir //' -e '/^fit /s/$/ --epochs 1/' >commands
  [ "$(wc -l <commands)" -ge 8 ] || fail "no commands in docs/images.md"
  while read -r line; do
    # shellcheck disable=SC2086
    "$WEIR" $line >out 2>err </dev/null || {
      cat err
      fail "weir $line"
    }
  done <commands
fi
