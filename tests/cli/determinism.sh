# The same seed gives the same file, whatever the number of threads; another seed not.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 800 >a.csv
run() {
  "$WEIR" fit a.csv $small -o m.safetensors --epochs 5 -q "$@"
  "$WEIR" sample m.safetensors -n 100 --seed 2 >s.csv
}
run --seed 1 --threads 1
mv m.safetensors one && mv m.yaml one.yaml && mv s.csv one.csv
run --seed 1 --threads 2
cmp m.safetensors one || fail "model of 2 threads"
cmp m.yaml one.yaml || fail "configuration of 2 threads"
cmp s.csv one.csv || fail "draws"
run --seed 1 --threads 3
cmp m.safetensors one || fail "model of 3 threads"
run --seed 2
if cmp -s m.safetensors one; then
  fail "another seed, the same model"
fi

# A locale with a decimal comma changes nothing, where the machine has one.
LC_ALL=de_DE.UTF-8 "$WEIR" fit a.csv $small -o m.safetensors --epochs 5 -q --seed 1
cmp m.safetensors one || fail "model under a locale with a decimal comma"
LC_ALL=de_DE.UTF-8 "$WEIR" sample m.safetensors -n 100 --seed 2 | cmp - one.csv ||
  fail "draws under a locale with a decimal comma"
