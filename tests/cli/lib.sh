# Shared by the scripts of this folder: tables made by arithmetic, and expectations.
# WEIR is the program, WEIR_SOURCE_DIR the source tree; the folder is empty.

# Options of a flow that trains in a moment, where its quality is not what is tested.
small="--set model.transforms=2 --set model.hidden_features=16 --set model.hidden_layers=1"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# table ROWS: x, y (depends on x and site), site A or B, count 0 to 9. Numbers from a
# fixed linear congruence, so that every machine has the same table.
table() {
  awk -v n="$1" 'function u() { s = (s * 16807) % 2147483647; return s / 2147483647 }
    function g() { return sqrt(-2 * log(u())) * cos(6.283185307179586 * u()) }
    BEGIN { s = 20240607; print "x,y,site,count"
      for (i = 0; i < n; i++) { x = g(); b = u() < 0.4
        printf "%.6f,%.6f,%s,%d\n", x, sin(x) + 0.2 * g() + b, b ? "B" : "A", int(10 * u()) } }'
}

# code WANTED COMMAND...: the exit code must be the one wanted.
code() {
  wanted=$1
  shift
  got=0
  "$@" || got=$?
  [ "$got" -eq "$wanted" ] || fail "exit code $got, expected $wanted: $*"
}

# has FILE WORDS: the words stand in the file.
has() {
  grep -qF -e "$2" "$1" || { cat "$1" >&2; fail "'$2' not in $1"; }
}

# within A B TOLERANCE
within() {
  awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && d >= -t) }' ||
    fail "$1 and $2 differ by more than $3"
}

# field JSONFILE KEY: a number of a flat JSON object on one line.
field() {
  sed -n "s/.*\"$2\": *\([-0-9.e+]*\).*/\1/p" "$1"
}
