#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# shellcheck: every shell script of the project is clean.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.."
command -v shellcheck >/dev/null || { echo "shellcheck is not installed" && exit 77; }
shellcheck -x lab/lab
shellcheck lab/guest/*.sh lab/guest/init lab/lib/enter-tree
find . -path ./lab -prune -o -name '*.sh' -print0 | xargs -0 --no-run-if-empty shellcheck
shellcheck lab/checks/*.sh
