# Runs that are interrupted, and resumed, end with the same bits as one never stopped.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 800 >a.csv
set -- fit a.csv $small -o m.safetensors --epochs 600 --patience -1 --seed 7 -q \
  --set train.checkpoint_seconds=0.02
"$WEIR" "$@"
mv m.safetensors whole
rm -f m.yaml m.metrics.jsonl

# wait_for FILE: until it is there, or the process is not.
wait_for() {
  while [ ! -s "$1" ] && kill -0 "$2" 2>/dev/null; do sleep 0.02; done
}

# kill -9, twice, at moments that nobody chose.
for pause in 0.05 0.2; do
  "$WEIR" "$@" --resume &
  pid=$!
  wait_for m.safetensors.ckpt $pid
  sleep $pause
  kill -9 $pid 2>/dev/null || true
  wait $pid || true
done
"$WEIR" "$@" --resume
cmp m.safetensors whole || fail "killed and resumed"
[ ! -e m.safetensors.ckpt ] || fail "the checkpoint was left behind"

# SIGINT and SIGTERM finish the step, save, and say how to go on. (A shell starts
# background jobs with SIGINT ignored; the program catches it all the same.)
for signal in INT TERM; do
  rm -f m.safetensors
  "$WEIR" fit a.csv $small -o m.safetensors --epochs 100000 --patience -1 --seed 7 -q 2>err &
  pid=$!
  wait_for m.metrics.jsonl $pid
  sleep 0.2
  kill -$signal $pid
  got=0
  wait $pid || got=$?
  wanted=130
  [ $signal = INT ] || wanted=143
  [ $got -eq $wanted ] || fail "exit code $got after SIG$signal, expected $wanted"
  [ -s m.safetensors.ckpt ] || fail "no checkpoint after SIG$signal"
  [ ! -e m.safetensors ] || fail "a model before the end"
  has err "--resume"
  rm -f m.safetensors.ckpt m.metrics.jsonl
done

# Nothing to resume: from the beginning, and said.
"$WEIR" fit a.csv $small -o n.safetensors --epochs 2 --resume 2>err >/dev/null
has err "nothing to resume"

# Other data or configuration: the key is named, and the checkpoint stays.
"$WEIR" fit a.csv $small -o k.safetensors --epochs 100000 --patience -1 -q 2>/dev/null &
pid=$!
wait_for k.metrics.jsonl $pid
sleep 0.2
kill -TERM $pid
wait $pid || true
code 1 "$WEIR" fit a.csv $small -o k.safetensors --epochs 100000 --patience -1 -q --resume \
  --learning-rate 0.01 2>err
has err learning_rate
head -700 a.csv >b.csv
code 1 "$WEIR" fit b.csv $small -o k.safetensors --epochs 100000 --patience -1 -q --resume 2>err
has err data
[ -s k.safetensors.ckpt ] || fail "the checkpoint is gone"
