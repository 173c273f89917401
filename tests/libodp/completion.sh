#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What each shell offers after odpctl and odprun, against what they say of themselves: every command, and every long
# option of each.
set -euo pipefail

odpctl=$LAB_BUILD/bin/odpctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "completion: $*"
	exit 1
}

# options COMMAND...: its long options, by its own --help.
options() {
	"$@" --help | grep -oE '^ +(-.*, +)?--[a-z]+|--(help|usage|version)\b' | grep -oE -- '--[a-z]+' | sort -u
}

# offers SHELL WHAT WORD...: the lines of $work/offered, each up to a = or [, have the words.
offers() {
	local shell=$1 what=$2 word
	shift 2
	for word in "$@"; do
		grep -qxF -- "$word" "$work/offered" || { cat "$work/offered" && fail "$shell does not offer '$word' after '$what'"; }
	done
}

mapfile -t commands < <("$odpctl" --help | awk '$1 == "odpctl" && /^  / { print $2 }')
[ ${#commands[@]} -ge 8 ] || fail "odpctl --help lists only: ${commands[*]}"

# complete_SHELL WORD...: what the shell offers for the last word, a line each, in $work/offered.

complete_bash() {
	# shellcheck source=/dev/null # what is tested
	. libodp/completion/odpctl.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"_$1"
	printf '%s\n' "${COMPREPLY[@]}" >"$work/offered"
}

# zsh's own functions are replaced by ones that print what they were asked to offer.
complete_zsh() {
	zsh -f -c '
		_arguments() { print -rl -- "$@" | sed -E "s/^\([^)]*\)//; s/[=:[].*//" }
		_describe() { print -rl -- "${(@P)2}" | sed "s/:.*//" }
		_wanted() { :; }
		service=$1 words=("$@") CURRENT=$#
		source libodp/completion/_odpctl
	' zsh "$@" >"$work/offered"
}

complete_fish() {
	HOME=$work fish --no-config -c "source libodp/completion/$1.fish; complete -C '$*'" 2>/dev/null | cut -f1 >"$work/offered"
}

# check SHELL: fish offers --help and --version to who has typed a dash.
check() {
	local shell=$1 command words
	"complete_$shell" odpctl ''
	offers "$shell" odpctl "${commands[@]}"
	[ "$shell" = fish ] || offers "$shell" odpctl --help --version
	for command in "${commands[@]}"; do
		"complete_$shell" odpctl "$command" --
		mapfile -t words < <(options "$odpctl" "$command")
		offers "$shell" "odpctl $command" "${words[@]}"
	done
	"complete_$shell" odprun --
	mapfile -t words < <(options "$LAB_BUILD/bin/odprun")
	offers "$shell" odprun "${words[@]}"
}

# Words behind an option; the stand-ins for zsh's functions do not go that far.
check_sort() {
	"complete_$1" odpctl mr --sort res
	[ "$(cat "$work/offered")" = resident ] || fail "$1: --sort res: $(cat "$work/offered")"
}

command -v zsh fish >"$work/found" || { echo "skipped: zsh or fish is not in this tree" && exit 77; }
check bash
check zsh
check fish
check_sort bash
check_sort fish
echo "completion: ${#commands[@]} commands in bash, zsh and fish"
