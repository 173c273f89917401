#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# check.sh prose|links [PAGE...]: the project's text, or these pages of it: each sentence against rules.toml, or where links lead.
# Needs cmark-gfm, mandoc and Python 3.11, as the lab's tree "words" has them.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

for tool in cmark-gfm mandoc python3; do
	command -v "$tool" >/dev/null || { echo "check.sh: $tool is not installed; tests/lab/lab test -k '^words/' has it" && exit 1; }
done
what=${1:-}
shift || true
pages=("$@")
if [ $# -eq 0 ]; then
	cd "$here/../.."
	mapfile -t pages < <(find . \( -path ./build -o -path './build-*' -o -path ./.git -o -path ./tests/words/samples \) -prune -o \
		\( -name '*.md' -o -path '*/man/*.[1-9]' \) -type f -print | sed 's#^\./##' | sort)
	[ "${#pages[@]}" -ge 35 ] || { echo "check.sh: only ${#pages[@]} pages were found" && exit 1; }
fi
case $what in
prose) exec python3 -B "$here/check.py" "$here/rules.toml" "${pages[@]}" ;;
links)
	for i in "${!pages[@]}"; do [[ ${pages[i]} == *.md ]] || unset "pages[$i]"; done
	exec python3 -B "$here/links.py" "${pages[@]}"
	;;
*) echo "usage: check.sh prose|links [PAGE...]" && exit 2 ;;
esac
