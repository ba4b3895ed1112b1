#!/bin/sh
# run_script.sh SCRIPT FOLDER: runs a script in an empty folder of its own.
set -eu
rm -rf "$2"
mkdir -p "$2"
cd "$2"
exec sh -eu "$1"
