#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Every shell script of the project is clean. What shellcheck does not know: where "pipefail" is set, a pipe into "grep -q"
# or head fails at random. Both end as soon as they have what they want, and what writes to them dies of SIGPIPE.
set -euo pipefail

command -v shellcheck >/dev/null || { echo "shellcheck is not installed" && exit 77; }
cd "$(dirname "$(readlink -f "$0")")/.."
shellcheck -x lab
shellcheck guest/*.sh guest/init lib/enter-tree lib/enter-over checks/*.sh
cd ..
find . -path ./lab -prune -o -name '*.sh' -print0 | xargs -0 --no-run-if-empty shellcheck
find ../docs/examples -name '*.sh' -print0 | xargs -0 --no-run-if-empty shellcheck

if grep -rnE --include='*.sh' --include=lab '\|[[:space:]]*(grep -[[:alpha:]]*q|head[[:space:]])' .; then
	echo "shellcheck: write \"grep -q PATTERN < <(COMMAND)\", or \"| sed -n 1p\" instead"
	exit 1
fi
