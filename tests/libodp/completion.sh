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

check_bash() {
	# shellcheck source=/dev/null # what is tested
	. libodp/completion/odpctl.bash
	complete_bash() {
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		"_$1"
		printf '%s\n' "${COMPREPLY[@]}" >"$work/offered"
	}
	local command words
	complete_bash odpctl ''
	offers bash odpctl "${commands[@]}" --help --version
	for command in "${commands[@]}"; do
		complete_bash odpctl "$command" --
		mapfile -t words < <(options "$odpctl" "$command")
		offers bash "odpctl $command" "${words[@]}"
	done
	complete_bash odpctl mr --sort res
	[ "$(cat "$work/offered")" = resident ] || fail "bash: --sort res: $(cat "$work/offered")"
	complete_bash odprun --
	mapfile -t words < <(options "$LAB_BUILD/bin/odprun")
	offers bash odprun "${words[@]}"
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

check_zsh() {
	local command words
	complete_zsh odpctl ''
	offers zsh odpctl "${commands[@]}" --help --version
	for command in "${commands[@]}"; do
		complete_zsh odpctl "$command" --
		mapfile -t words < <(options "$odpctl" "$command")
		offers zsh "odpctl $command" "${words[@]}"
	done
	complete_zsh odprun --
	mapfile -t words < <(options "$LAB_BUILD/bin/odprun")
	offers zsh odprun "${words[@]}"
}

complete_fish() {
	HOME=$work fish --no-config -c "source libodp/completion/$1.fish; complete -C '$2'" 2>/dev/null | cut -f1 >"$work/offered"
}

check_fish() {
	local command words
	complete_fish odpctl 'odpctl '
	offers fish odpctl "${commands[@]}"
	for command in "${commands[@]}"; do
		complete_fish odpctl "odpctl $command --"
		mapfile -t words < <(options "$odpctl" "$command")
		offers fish "odpctl $command" "${words[@]}"
	done
	complete_fish odpctl 'odpctl mr --sort res'
	offers fish 'odpctl mr --sort res' resident
	complete_fish odprun 'odprun --'
	mapfile -t words < <(options "$LAB_BUILD/bin/odprun")
	offers fish odprun "${words[@]}"
}

command -v zsh fish >"$work/found" || { echo "skipped: zsh or fish is not in this tree" && exit 77; }
check_bash
check_zsh
check_fish
echo "completion: ${#commands[@]} commands in bash, zsh and fish"
