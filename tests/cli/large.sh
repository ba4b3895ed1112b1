# A table larger than the memory that tables may take: fit, eval and logprob give the same
# bits as in memory, also when the fit is killed and resumed; the scratch files are gone.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 4000 | awk '{ printf "%s,%s%0400d\n", $0, NR == 1 ? "wide" : "1.", NR }' >a.csv
wide=$(head -1 a.csv | cut -d, -f5)
size=$(wc -c <a.csv)
[ "$size" -gt 1048576 ] || fail "the table has $size bytes only"
set -- fit a.csv --column "$wide=ignored" --seed 7 --set train.steps=12 --set model.transforms=2 --set model.hidden_features=8 \
  --set model.hidden_layers=1 --set train.batch_size=1000 --set train.checkpoint_seconds=0
"$WEIR" "$@" -o whole.safetensors -q
"$WEIR" "$@" -o large.safetensors --memory 1 >out 2>err
has err "are kept in a file"
"$WEIR" "$@" -o killed.safetensors --memory 1 -q &
pid=$!
while [ ! -s killed.safetensors.ckpt ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 $pid 2>/dev/null || true
wait $pid || true
"$WEIR" "$@" -o killed.safetensors --memory 1 --resume -q
for model in whole large killed; do
  "$WEIR" logprob $model.safetensors a.csv --memory 1 -o $model.csv
  "$WEIR" eval $model.safetensors a.csv --memory 1 2>err >$model.txt
  cmp whole.csv $model.csv || fail "$model: other densities"
  cmp whole.txt $model.txt || fail "$model: another mean"
done
"$WEIR" eval whole.safetensors a.csv >in_memory.txt
cmp whole.txt in_memory.txt || fail "eval: another mean in memory"
[ -z "$(find . -name 'weir-rows-*')" ] || fail "rows were left behind"

# What cannot be had from a file that is not in memory is refused with the way out.
sed '1s/$/,set/; 2,$s/$/,train/' a.csv >masked.csv
code 2 "$WEIR" fit masked.csv -o m.safetensors --mask set --memory 1 \
  --column "$wide=ignored" 2>err
has err "data.mask_file"
