# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Completion of odpctl and odprun for bash.

_odpctl_devices() {
	local path
	for path in /sys/class/infiniband/*; do
		[ -e "$path" ] && echo "${path##*/}"
	done
}

_odpctl_pids() {
	command ps -e -o pid= 2>/dev/null
}

# The words after --sort, --kind and such; nothing: those of a command.
_odpctl_value() {
	case $1 in
	--sort) echo 'activity faults invalidations prefetched resident length pid' ;;
	--kind) echo 'implicit explicit pinned' ;;
	--pid) _odpctl_pids ;;
	--interval | --count | --seconds | --mrn | --buffer) echo ' ' ;;
	esac
}

_odpctl_words() {
	local regions='--json --sort --pid --mrn --kind'
	case $1 in
	caps) echo "--json $(_odpctl_devices)" ;;
	mr) echo "$regions $(_odpctl_devices)" ;;
	top) echo "$regions --interval --count $(_odpctl_devices)" ;;
	hist) echo "--json --seconds $(_odpctl_devices)" ;;
	map) echo "--png --json $(_odpctl_pids)" ;;
	watch) echo "--json --interval --count $(_odpctl_devices)" ;;
	record) echo '--output --seconds --buffer' ;;
	report) echo '--output --perfetto' ;;
	metrics) echo "--regions $(_odpctl_devices)" ;;
	doctor) echo '--json --container --providers' ;;
	esac
}

_odpctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
	if [ "$COMP_CWORD" -eq 1 ]; then
		words='caps mr top hist map watch record report metrics doctor help --help --version'
	elif [[ $prev == --png || $prev == --output || $prev == --perfetto || (${COMP_WORDS[1]} == report && $cur != -*) ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	elif [[ $prev == --container || $prev == --providers ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
	else
		words=$(_odpctl_value "$prev")
		[ -n "$words" ] || words="$(_odpctl_words "${COMP_WORDS[1]}") --help --usage --version"
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

_odprun() {
	local cur=${COMP_WORDS[COMP_CWORD]} i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && continue
		[[ ${COMP_WORDS[i - 1]} == --transports || ${COMP_WORDS[i - 1]} == -t ]] && continue
		# The program and what is its own.
		if declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--report --json --transports --help --usage --version' -- "$cur")
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --transports ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'rc uc ud xrc' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

complete -F _odpctl odpctl
complete -F _odprun odprun
