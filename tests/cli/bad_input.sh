# Bad input, a line of bad_input.tsv each: what is set up, what is run, the exit code, and
# the words of its one-line message. Whatever fails, the files that stood under the final
# names stay as they were, and nothing else is left behind.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
mkdir base
cd base
table 300 >a.csv
"$WEIR" fit a.csv -o m.safetensors --model gaussian --epochs 2 -q
"$WEIR" fit a.csv -o c.safetensors --model gaussian --epochs 2 --context site -q
awk 'BEGIN { for (i = 0; i < 60; i++)
  print i % 2 "," int(i / 2) % 2 "," int(i / 4) % 2 "," int(i / 8) % 2 }' >i.csv
"$WEIR" fit i.csv --image 2x2 -o i.safetensors --model gaussian --epochs 2 -q
for kind in vae vae-flow; do
  "$WEIR" fit i.csv --image 2x2 -o $kind.safetensors --model $kind --epochs 2 -q \
    --set model.hidden_features=4 --set model.latent_dim=2 --set model.samples=2
done
"$WEIR" fit i.csv --image 2x2 -o svae.safetensors --model svae --epochs 2 -q \
  --set model.latent_dim=2 --set model.samples=2 --set 'model.encoder=[4]' \
  --set 'model.decoder=[4]'
rm -f ./*.yaml ./*.jsonl
cd ..

# npy DTYPE SHAPE BYTES: a header that says so, and so many zero bytes.
npy() {
  printf '\223NUMPY\001\000\166\000'
  printf "%-117s\n" "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
  head -c "$3" /dev/zero
}
# flip FILE OFFSET: the byte there, counted from 0, or from the end when negative, gets
# another value.
flip() {
  at=$2
  [ "$at" -ge 0 ] || at=$(($(wc -c <"$1") + at))
  byte=$(dd if="$1" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
  printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}
# newer FILE: format 1 becomes 9, under a right checksum.
newer() {
  zeros=$(printf '%064d' 0)
  LC_ALL=C sed -i 's/"weir.format":"1"/"weir.format":"9"/
    s/"weir.sha256":"[0-9a-f]*"/"weir.sha256":"'"$zeros"'"/' "$1"
  sum=$(sha256sum "$1" | cut -d' ' -f1)
  LC_ALL=C sed -i 's/"weir.sha256":"'"$zeros"'"/"weir.sha256":"'"$sum"'"/' "$1"
}
# column NAME VALUE LINE: that cell of a.csv gets the value.
cell() {
  awk -F, -v OFS=, -v c="$1" -v v="$2" -v l="$3" 'NR == l { $c = v } { print }' a.csv >b.csv
}
weir() {
  "$WEIR" "$@"
}

cases=0
failed=0
bad() {
  echo "FAILED: $name: $*" >&2
  failed=$((failed + 1))
}
judge() {
  [ "$got" -eq "$wanted" ] || bad "exit code $got, expected $wanted: $(cat err)"
  [ "$(wc -l <err)" -eq 1 ] || bad "$(wc -l <err) lines of message: $(cat err)"
  rest=$words
  while [ -n "$rest" ]; do
    word=${rest%%|*}
    case $rest in *'|'*) rest=${rest#*|} ;; *) rest= ;; esac
    grep -qF -e "$word" err || bad "'$word' is not in the message: $(cat err)"
  done
  for f in out.safetensors out.csv out.npy; do
    [ "$(cat $f)" = old ] || bad "$f has changed"
  done
  ls -A | grep -e tmp -e '\.ckpt$' -e '^out\.yaml$' >left && bad "left behind: $(cat left)"
  true
}

tab=$(printf '\t')
while IFS=$tab read -r name setup command wanted words; do
  case $name in '' | '#'*) continue ;; esac
  rm -rf case
  cp -r base case
  cd case
  for f in out.safetensors out.csv out.npy; do echo old >$f; done
  eval "$setup"
  got=0
  (eval "$command") >/dev/null 2>err || got=$?
  judge
  cd ..
  cases=$((cases + 1))
done <"$WEIR_SOURCE_DIR/tests/cli/bad_input.tsv"
[ $cases -ge 60 ] || fail "only $cases cases were read"
[ $failed -eq 0 ] || fail "$failed expectations over $cases cases"
