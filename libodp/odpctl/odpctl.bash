# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Completion of odpctl for bash.

_odpctl_devices() {
	local path
	for path in /sys/class/infiniband/*; do
		[ -e "$path" ] && echo "${path##*/}"
	done
}

_odpctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
	case $COMP_CWORD/${COMP_WORDS[1]}/$prev in
	1/*) words='caps mr hist map watch doctor help --help --version' ;;
	*/map/--png)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	*/--interval | */--count | */--seconds) words='' ;;
	*/caps/*) words="--json --help --version $(_odpctl_devices)" ;;
	*/mr/*) words="--once --json --interval --help --version $(_odpctl_devices)" ;;
	*/hist/*) words="--json --seconds --help --version $(_odpctl_devices)" ;;
	*/map/*) words="--png --help --version $(command ps -e -o pid= 2>/dev/null)" ;;
	*/watch/*) words="--json --interval --count --help --version $(_odpctl_devices)" ;;
	*/--container | */--providers)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	*/doctor/*) words='--container --providers --help --version' ;;
	*) words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _odpctl odpctl
