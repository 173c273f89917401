#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What docs/security.md names is there: each function (`name()`) is defined in kernel/, or is the kernel's own and
# called there; each test (`room/name`) is in a tests.list; each parameter of the module that it
# names exists, and it names all of them.
set -euo pipefail

page=docs/security.md
bad=0 functions=0 tests=0 parameters=0

complain() {
	echo "$page: $*"
	bad=$((bad + 1))
}

# words PATTERN: the words in backquotes that match it, each once.
words() {
	# shellcheck disable=SC2016
	grep -oE '`[^`]+`' "$page" | tr -d '`' | grep -E "$1" | sort -u
}

# defined FUNCTION: in kernel/, by us: it begins a line with its type, and no semicolon ends that.
defined() {
	[ "$(grep -rhE "^[a-z][^;={]*[ *]$1\(" kernel --include='*.[ch]' | grep -cvE ';[[:space:]]*$')" -gt 0 ]
}

while read -r word; do
	name=${word%()}
	functions=$((functions + 1))
	case $name in
	ib_* | copy_*) grep -rqE "\b$name\(" kernel --include='*.c' || complain "$word is called nowhere in kernel/" ;;
	ibv_*) ;; # of libibverbs
	*) defined "$name" || complain "$word is defined nowhere in kernel/" ;;
	esac
done < <(words '^[a-z_0-9]+\(\)$' | grep -vE '^(mmap|fork)\(\)$')

while read -r test; do
	tests=$((tests + 1))
	grep -hqE "^(verbs/)?${test}[[:space:]]" tests/*/tests.list tests/*/*/tests.list || complain "there is no test $test"
done < <(words '^(hostile|ops|odp|lifecycle|memory|network|fuzz|monitor|unit)/[a-z0-9_-]+$')

while read -r parameter; do
	parameters=$((parameters + 1))
	grep -qF "\`$parameter\`" "$page" || complain "does not name the module's parameter $parameter"
done < <(grep -rhoE '^module_param\([a-z_]+' kernel --include='*.c' | sed 's/.*(//')

while read -r parameter; do
	grep -rqE "^module_param\($parameter," kernel --include='*.c' || complain "$parameter is no parameter of the module"
done < <(words '^(max_)?user_[a-z_]+$')

[ "$functions" -ge 60 ] || complain "only $functions functions were found: has the page another form?"
[ "$tests" -ge 40 ] || complain "only $tests tests were found"
[ "$parameters" -ge 5 ] || complain "only $parameters parameters of the module were found"
[ "$bad" -eq 0 ] || exit 1
echo "$functions functions, $tests tests and $parameters parameters are there"
