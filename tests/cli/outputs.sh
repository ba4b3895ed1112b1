# Outputs: two runs with one name, names that say a format, and what is left behind.
. "$WEIR_SOURCE_DIR/tests/cli/lib.sh"
table 400 >a.csv

# A second run with the same output is refused, and the first goes on as if it were alone.
set -- fit a.csv $small -o m.safetensors --epochs 400 --patience -1 --seed 7 -q \
  --set train.checkpoint_seconds=0.02
"$WEIR" "$@"
mv m.safetensors whole
grep -o '"step": [0-9]*' m.metrics.jsonl >steps
rm -f m.yaml m.metrics.jsonl
"$WEIR" "$@" &
first=$!
while [ ! -s m.metrics.jsonl ] && kill -0 $first 2>/dev/null; do sleep 0.01; done
code 1 "$WEIR" "$@" 2>err
has err "m.safetensors: another run is writing it"
code 1 "$WEIR" "$@" --resume 2>err
has err "another run"
wait $first
cmp m.safetensors whole || fail "the second run disturbed the first"
grep -o '"step": [0-9]*' m.metrics.jsonl | cmp - steps || fail "two learning curves in one"
"$WEIR" "$@"
cmp m.safetensors whole || fail "the name is not free again"

# Many at once, of one output: every moment one whole file.
for seed in 1 2 3 4 5 6; do
  "$WEIR" sample m.safetensors -n 20000 --seed $seed -o s.csv &
  "$WEIR" sample m.safetensors -n 20000 --seed $seed >s$seed.csv
done
wait
found=0
for seed in 1 2 3 4 5 6; do
  ! cmp -s s.csv s$seed.csv || found=1
done
[ $found -eq 1 ] || fail "s.csv is none of the six"

# A name says the format: letters of either case; no extension is CSV; --format says else.
for name in t.csv T.CSV plain d-v1.2 .hidden ./t; do
  "$WEIR" sample m.safetensors -n 5 -o $name
  head -1 $name | grep -q '^x,y,site,count$' || fail "$name is no CSV"
done
"$WEIR" sample m.safetensors -n 5 -o t.txt --format tsv
head -1 t.txt | grep -q "^x${tab:=$(printf '\t')}y" || fail "t.txt is no TSV"
"$WEIR" sample m.safetensors -n 5 -o t.dat --format npy
head -c 6 t.dat | grep -q NUMPY || fail "t.dat is no NPY"

# Nothing but what was asked for.
code 1 "$WEIR" fit none.csv -o n.safetensors -q 2>err
[ -z "$(ls | grep '^n\.')" ] || fail "left behind: $(ls | grep '^n\.')"
[ -z "$(ls -A | grep tmp)" ] || fail "left behind: $(ls -A | grep tmp)"

# Lists of recipes have whole lines, whatever quotes they are in.
mkdir r
printf "about: it's a plain one # not this\n" >r/a.yaml
printf "about: 'it''s \"quoted\" so' # nor this\n" >r/b.yaml
printf 'about: "say \\"so\\", it'"'"'s"\n' >r/c.yaml
printf 'model: nsf\n' >r/d.yaml
WEIR_RECIPES=r "$WEIR" recipe list >list
has list "it's a plain one"
! grep -q 'this' list || fail "a comment is listed"
has list "it's \"quoted\" so"
has list "say \"so\", it's"

# The settings beside a model repeat its run, one under a time limit too.
"$WEIR" fit a.csv $small -o limit.safetensors --time-limit 0.6 --seed 5 -q
has limit.yaml "plan:"
has limit.yaml "time_limit: 0.0"
"$WEIR" fit --config limit.yaml -o again.safetensors -q
"$WEIR" sample limit.safetensors -n 50 >one.csv
"$WEIR" sample again.safetensors -n 50 | cmp - one.csv || fail "limit.yaml does not repeat the run"
