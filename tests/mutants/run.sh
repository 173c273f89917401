#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Every mutant must be caught: the driver is built with one deliberate bug after the other
# (mutants.list), and the test that is named for it must fail. A mutant that survives is a hole in
# the tests; one that cannot be made any more is a list that was not kept up.
#
#   run.sh [PATTERN]    those whose name matches
#
# Each takes about a minute. The table is also in build/mutants.md.
set -euo pipefail

checkout=$(dirname "$(readlink -f "$0")")/../..
checkout=$(readlink -f "$checkout")
lab=$checkout/tests/lab/lab
list=$checkout/tests/mutants/mutants.list
copy=$checkout/build/mutants
pattern=${1:-.}

# make_mutant FILE EXPRESSION: the copy has this bug and no other.
make_mutant() {
	cp -p "$copy/$1.orig" "$copy/$1" 2>/dev/null || cp -p "$copy/$1" "$copy/$1.orig"
	sed -E -i "$2" "$copy/$1"
	! cmp -s "$copy/$1" "$copy/$1.orig"
}

unmake_mutant() {
	cp "$copy/$1.orig" "$copy/$1"
}

# split TEST[@KERNEL]: the test, and the kernel that it runs on.
split() {
	local kernel=${1#*@}
	[ "$kernel" != "$1" ] || kernel=7
	echo "${1%@*} $kernel"
}

# judge TEST LOG STATUS: what became of the mutant.
judge() {
	if [ "$3" -eq 0 ]; then
		echo SURVIVED
	elif grep -qE "^FAIL +$1 " "$2"; then
		echo caught
	else
		echo "NOT RUN"
	fi
}

# try NAME FILE TEST[@KERNEL] EXPRESSION: a line of the table.
try() {
	local status=0 word='NOT MADE' log=$copy/$1.log name kernel
	read -r name kernel < <(split "$3")
	if make_mutant "$2" "$4"; then
		LAB_KERNEL_SOURCE=$copy/kernel LAB_RESULTS=$copy/$1.json \
			"$lab" test --full -k "^$name\$" --kernel "$kernel" >"$log" 2>&1 || status=$?
		word=$(judge "$name" "$log" "$status")
	fi
	unmake_mutant "$2"
	printf '| %-21s | %-22s | %-36s | %s |\n' "$1" "${2#kernel/}" "$3" "$word"
	[ "$word" = caught ]
}

rm -rf "$copy/kernel"
mkdir -p "$copy"
cp -a "$checkout/kernel" "$copy/kernel"
bad=0 count=0
{
	echo '| mutant | in | must fail | outcome |'
	echo '|---|---|---|---|'
} >"$checkout/build/mutants.md"
while read -r name file test expression; do
	[[ $name && $name != \#* && $name =~ $pattern ]] || continue
	count=$((count + 1))
	try "$name" "$file" "$test" "$expression" </dev/null >"$copy/line" || bad=$((bad + 1))
	tee -a "$checkout/build/mutants.md" <"$copy/line"
done <"$list"
[ "$count" -gt 0 ] || { echo "no mutant matches '$pattern'" && exit 1; }
echo "$((count - bad)) of $count mutants were caught"
[ "$bad" -eq 0 ]
