#!/bin/sh
# demo.sh WEIR [SECONDS]: trains on the shipped gamma-telescope data for SECONDS (60) and
# leaves model, samples and report in demo-out/.
set -eu
weir=$1
seconds=${2:-60}
cd "$(dirname "$0")/.."
data=data/magic_gamma
out=demo-out
mkdir -p $out

step() {
  printf '\n== %s\n' "$1"
  shift
  echo "\$ weir $*"
  "$weir" "$@"
}
case $weir in
  /*) ;;
  *) weir=$PWD/$weir ;;
esac

step "Train, at most $seconds s" fit $data/train.csv.gz --test $data/test.csv.gz \
  --time-limit "$seconds" --seed 1 -o $out/magic.safetensors
step "Held-out log-likelihood" eval $out/magic.safetensors $data/test.csv.gz
step "A thousand samples" sample $out/magic.safetensors -n 1000 --seed 1 \
  -o $out/samples.csv
step "Report" report $out/magic.safetensors $data/test.csv.gz -o $out/report.html

echo
echo "The model:   $PWD/$out/magic.safetensors"
echo "The samples: $PWD/$out/samples.csv"
echo "The report:  $PWD/$out/report.html (open it in a browser)"
