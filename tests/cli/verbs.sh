# Help, manual pages and completion come from the tables of every verb.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
"$WEIR" >out 2>err && fail "no verb, no error"
has err "expected a verb"
"$WEIR" --version | grep -q '^weir [0-9]' || fail "--version"
"$WEIR" help >overview
"$WEIR" completion bash >complete.bash
"$WEIR" completion zsh >complete.zsh
sh -n complete.bash 2>/dev/null || bash -n complete.bash || fail "bash script"
sed -n 's/^WEIR_VERB(\(.*\))$/\1/p' "$WEIR_SOURCE_DIR/include/weir/verbs.def" >verbs
[ "$(wc -l <verbs)" -ge 12 ] || fail "verbs.def"
while read -r verb; do
  "$WEIR" "$verb" --help >help.txt
  has help.txt "usage: weir $verb"
  "$WEIR" help --man "$verb" >page
  has page ".TH \"weir-$verb\" 1"
  has complete.bash "  $verb) opts="
  has complete.zsh "  $verb) _arguments"
  [ "$verb" = completion ] || has overview "  $verb "
  # Every option of the help is in the manual page and the completion.
  sed -n 's/^  \(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p' help.txt | while read -r option; do
    [ "$option" = help ] && continue
    sed -n "/^  $verb) opts/p" complete.bash | grep -q -e "--$option" ||
      fail "--$option of $verb is not completed"
    sed 's/\\-/-/g' page | grep -q -e "--$option" || fail "--$option of $verb has no manual"
  done
  code 2 "$WEIR" "$verb" --no-such-option 2>err
  has err "unknown option '--no-such-option'"
done <verbs
# The reference in docs/ is what the tables say.
"$WEIR" help --markdown | cmp - "$WEIR_SOURCE_DIR/docs/program.md" ||
  fail "docs/program.md: write it anew with: weir help --markdown >docs/program.md"

# Registries: every line of every .def is listed with its options.
"$WEIR" list --json >list.json
for pair in layers:LAYER dists:DIST elems:ELEM nets:NET readers:READER optims:OPTIM \
  schedules:SCHEDULE; do
  sed -n "s/^WEIR_${pair#*:}(\([a-z0-9_]*\).*/\1/p" \
    "$WEIR_SOURCE_DIR/include/weir/${pair%:*}.def" | while read -r name; do
    has list.json "\"name\": \"$name\""
  done
done
for preset in nsf nsf-ar maf maf-mog made iaf realnvp nice gmm gaussian; do
  has list.json "\"name\": \"$preset\""
done
"$WEIR" list presets >out
has out "bins"
code 2 "$WEIR" list layer 2>err
has err "did you mean 'layers'"
code 2 "$WEIR" fot 2>err
has err "did you mean 'fit'"

"$WEIR" doctor >out
has out "kernels      right"
has out "products     float: tiles of"
"$WEIR" doctor --json >out
has out '"commit"'

# Recipes from a folder; data checked before it is used.
mkdir recipes data
table 400 >data/small.csv
sum=$(sha256sum data/small.csv | cut -d' ' -f1)
cat >recipes/small.yaml <<EOF
about: "a small table"
data:
  file: small.csv
  test_fraction: 0.25
model: {name: gaussian}
train: {epochs: 3, seed: 4}
checksums: {small.csv: $sum}
EOF
export WEIR_RECIPES="$PWD/recipes" WEIR_DATA="$PWD/data"
"$WEIR" recipe list >out
has out "a small table"
"$WEIR" recipe show small | cmp - recipes/small.yaml || fail "recipe show"
"$WEIR" recipe run small -q --results results.md >out
has out "| small |"
"$WEIR" recipe run small -q --results results.md >out
[ "$(grep -c '^| small |' results.md)" -eq 2 ] || fail "--results"
[ "$(grep -c '^| recipe |' results.md)" -eq 1 ] || fail "head of --results"
[ -s small.safetensors ] || fail "no model of the recipe"
# The rows of a recipe as tables, its configuration for other programs.
"$WEIR" recipe rows small -q -o rows --json >out
has out '"valid_fraction"'
[ "$(cat rows-train.csv rows-valid.csv rows-test.csv | grep -cv '[a-z]*,.*[xy]')" -eq 400 ] ||
  fail "rows of the recipe: $(wc -l rows-*.csv)"
"$WEIR" eval small.safetensors rows-test.csv --json -q >out
has out '"n": 100'
code 2 "$WEIR" recipe rows small --format idx 2>err
# A mask in a file of its own; patches of images, split by images.
{ echo part; yes train | head -300; yes test | head -100; } >data/mask.csv
sed -e '/test_fraction/d' -e 's/^  file: .*/&\n  mask_file: mask.csv\n  mask: part/' recipes/small.yaml >recipes/masked.yaml
"$WEIR" recipe rows masked -q -o masked
[ "$(wc -l <masked-test.csv)" -eq 101 ] || fail "mask_file"
{ echo part; yes train | head -300; } >data/mask.csv
code 2 "$WEIR" recipe rows masked -q -o masked 2>err
has err "mask_file"
{ printf '\000\000\010\003\000\000\000\012\000\000\000\020\000\000\000\020'
  seq 1 2000 | tr -d '\n' | head -c 2560; } >data/images-idx3-ubyte
cat >recipes/patches.yaml <<EOF
data:
  file: images-idx3-ubyte
  patches: {size: 3, train: 200, valid: 20, test: 30}
EOF
"$WEIR" recipe rows patches -q -o patches --format npy
[ "$(wc -c <patches-test.npy)" -eq $((128 + 30 * 8 * 8)) ] || fail "patches"
code 2 "$WEIR" recipe rows patches -q -o p --set data.patches.size=17 2>err
has err "16 x 16"
code 2 "$WEIR" recipe rows patches -q -o p --set data.patches.sise=7 2>err
has err "did you mean 'size'"
code 2 "$WEIR" recipe run smal 2>err
has err "did you mean 'small'"
echo "1,2,A,3" >>data/small.csv
code 1 "$WEIR" recipe run small -q 2>err
has err "SHA-256"

# Completion: what a bash offers after these words.
if command -v bash >/dev/null; then
  "$WEIR" completion bash >complete.bash
  offered() {
    PATH="$(dirname "$WEIR"):$PATH" bash -c '. ./complete.bash
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; echo " ${COMPREPLY[*]} "' - "$@" >offer
  }
  offered weir fi
  has offer " fit "
  offered weir fit --mod
  has offer " --model "
  offered weir fit --model ns
  has offer " nsf "
  offered weir fit --dtype f
  has offer " f32 f64 "
  offered weir recipe s
  has offer " show "
  offered weir list la
  has offer " layers "
  offered weir help ev
  has offer " eval "
  offered weir completion b
  has offer " bash "
  offered weir eval complete
  has offer " complete.bash "
fi
