#!/bin/sh
# The peers of bench/run.py in a virtual environment outside the tree:
#     bench/setup_peers.sh [DIRECTORY]      (default: $WEIR_PEERS, else ~/.cache/weir-peers)
# Newest versions; packages that cannot be had are left out, and the bench says so.
set -u
dir=${1:-${WEIR_PEERS:-$HOME/.cache/weir-peers}}
python=${PYTHON:-python3}
"$python" -m venv "$dir" || exit 1
pip="$dir/bin/python -m pip install --quiet --disable-pip-version-check"
$pip --upgrade pip
for package in numpy torch zuko nflows normflows "jax optax equinox flowjax"; do
  # shellcheck disable=SC2086
  $pip $package || echo "setup_peers: left out: $package" >&2
done
"$dir/bin/python" -m pip list --disable-pip-version-check 2>/dev/null |
  grep -iE '^(torch|zuko|nflows|normflows|jax|flowjax) ' 
echo "setup_peers: use it with WEIR_PEERS=$dir make bench"
