#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The list of mutants is kept up: each expression changes its file, and the test that must notice
# is there. Whether it does notice is for mutants/all.
set -euo pipefail

list=tests/mutants/mutants.list
bad=0 count=0
declare -A seen=()

complain() {
	echo "$*"
	bad=$((bad + 1))
}

# has_test NAME: whether a list of tests has it.
has_test() {
	awk -v name="$1" '$1 == name { found = 1 } END { exit !found }' tests/*/tests.list tests/*/*/tests.list
}

# changes FILE EXPRESSION
changes() {
	! sed -E "$2" "$1" | cmp -s - "$1"
}

while read -r name file test expression; do
	[[ $name && $name != \#* ]] || continue
	count=$((count + 1))
	[ -z "${seen[$name]:-}" ] || complain "$name: stands twice"
	seen[$name]=yes
	if [ ! -e "$file" ]; then
		complain "$name: there is no $file"
	elif ! changes "$file" "$expression"; then
		complain "$name: NOT MADE: nothing in $file is changed by $expression"
	fi
	has_test "${test%@*}" || complain "$name: no list of tests has $test"
done <"$list"
[ "$count" -ge 20 ] || complain "$list: only $count mutants"

[ "$bad" -eq 0 ] || exit 1
echo "$count mutants can be made, and each has its test"
