#!/bin/sh
# check.sh BUILD: every rule that a script can check; BUILD is a finished build folder.
set -eu
cd "$(dirname "$0")/.."
tools/check_layers.py
tools/check_registry.py
tools/check_banned.py
tools/check_format.sh
tools/check_symbols.py "$1"
