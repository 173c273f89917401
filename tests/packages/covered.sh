#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# covered: every document with commands in it (fenced blocks that begin with ```sh) has a test that runs them: doc.sh,
# or another test that reads the file, and so names it.
set -euo pipefail

# tested FILE PLACE: is there a test for it?
tested() {
	if ! grep -rqF "doc.sh $1" tests; then
		grep -rqF "$1" tests --include='*.sh' --include='*.py' --include=tests.list
		return
	fi
	case $2 in
	guest) grep -qE "doc\.sh $1\$" tests/*/tests.list ;;
	install) grep -qF "doc.sh $1 install" tests/packages/install.sh ;;
	*) grep -qE "doc\.sh $1 $2\$" tests/*/tests.list ;;
	esac
}

# places FILE: of its blocks.
places() {
	awk '/^```sh([ \t]|$)/ { place = "guest"; for (i = 2; i <= NF; i++) if ($i !~ /=/) place = $i; print place }' "$1" | sort -u
}

bad=0 seen=0
for file in docs/*.md README.md; do
	for place in $(places "$file"); do
		seen=$((seen + 1))
		tested "$file" "$place" && continue
		echo "$file: no test runs its commands for '$place': add a line 'tests/packages/doc.sh $file$([ "$place" = guest ] || echo " $place")' to a tests.list"
		bad=1
	done
done
[ "$seen" -gt 0 ] || { echo "no document has commands: is this check looking in the right place?" && exit 1; }
exit "$bad"
