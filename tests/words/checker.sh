#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The checkers of the text notice what they should: each fault of the samples, and none in the page that has none.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")"
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fail() {
	cat "$out"
	echo "checker.sh: $*"
	exit 1
}

# run STATUS prose|links PAGE...: the check ends like that.
run() {
	local wanted=$1 status=0
	shift
	./check.sh "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$wanted" ] || fail "$*: status $status, not $wanted"
}

# faults N: so many lines are faults, besides the sum.
faults() {
	[ "$(($(wc -l <"$out") - 1))" -eq "$1" ] || fail "not $1 faults"
}

says() {
	grep -qE "$1" "$out" || fail "no line like $1"
}

run 0 prose samples/good.md
says '^1 files, .* 0 faults$'

run 1 prose samples/bad.md
says "^samples/bad.md:4: 3[6-9] words in a sentence, at most 35: "
says "^samples/bad.md:6: not 'Who comes second "
says "^samples/bad.md:8: not 'What comes with "
says "^samples/bad.md:10: not 'tells of' but report"
says "^samples/bad.md:13: not 'goes on' but continue"
says "^samples/bad.md:18: not 'mended' but fix"
says "^samples/bad.md:20: not 'Nobody' but "
says "^samples/bad.md:22: not 'rooms' but "
says "^samples/bad.md:24: not 'The the' but the word once"
faults 9

run 1 prose samples/bad.7
says "^samples/bad.7:[0-9]+: not 'anew' but again: The page is registered anew by the driver.$"
faults 1

# A page of long sentences, each of which is short enough, has too long an average.
page=$(mktemp -d)
trap 'rm -rf "$out" "$page"' EXIT
for i in 1 2 3 4 5 6 7 8 9 10; do
	echo "In the sentence with the number $i the driver copies each request out of the ring and checks it and runs the lane of the pair."
done >"$page/long.md"
run 1 prose "$page/long.md"
says "long.md: [0-9.]+ words in a sentence on average, at most "

# Nothing to check is no success.
: >"$page/empty.md"
run 1 prose "$page/empty.md"
says "empty.md: no sentences"

run 0 links samples/good.md
run 1 links samples/links.md
says '^samples/links.md: nowhere.md: there is no such file$'
says '^samples/links.md: good.md#nothing: samples/good.md has no such heading$'
says '^samples/links.md: #elsewhere: samples/links.md has no such heading$'
says '^samples/links.md: nothing.png: there is no such file$'
faults 4
run 1 links "$page/empty.md"
echo "the checkers notice what they should"
