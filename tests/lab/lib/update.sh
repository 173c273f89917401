# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# update: `lab update`. What is kept was the newest when it was made. This asks Debian's archive what is the newest now, and
# makes anew what is not: kernels whose packages have another version, trees in which a package has one. What is built of such a
# kernel is forgotten, and what this checkout built for it, since another package may bear the same release. `lab update --list` only says.

# kept_kernels: the names of Debian's kernels in the cache.
kept_kernels() {
	local name
	for name in 6.1 6.12 7 rt $(debian_kernel_names); do
		[ ! -e "$(kernel_path "$name")" ] || echo "$name"
	done
}

debian_kernel_names() {
	local release flavour
	for release in $DEBIAN_RELEASES; do
		echo "$release"
		for flavour in $DEBIAN_FLAVOURS; do echo "$release+$flavour"; done
	done
}

# quiet_apt DIR SUITE [RELEASE]: a private apt; its words only if it fails.
quiet_apt() {
	make_private_apt "$@" >"$LAB_TMP/update.log" 2>&1 || { cat "$LAB_TMP/update.log" >&2 && die "cannot ask the archive for ${*:2}"; }
}

# newest_kernel KERNEL: NAME=VERSION of the packages that it would be made of now.
newest_kernel() {
	local dir
	dir=$(mktemp -d "$LAB_TMP/apt.XXXXXX")
	quiet_apt "$dir" "$(kernel_suite "$1")" "$(kernel_release "$1")"
	kernel_packages "$dir" "$(kernel_release "$1")" "$(kernel_flavour "$1")" | sort
	rm -rf "$dir"
}

# kernel_is_newest KERNEL: those that were kept before their packages were written down are taken by what they say of themselves.
kernel_is_newest() {
	local newest kept image
	newest=$(newest_kernel "$1")
	[ -n "$newest" ] || die "Debian's archive has no kernel $1"
	kept=$(cat "$(kernel_path "$1")/packages" 2>/dev/null) || {
		image=$(grep -m 1 '^linux-image-' <<<"$newest")
		[[ $(kernel_exactly "$1") == *" ${image#*=} "* ]]
		return
	}
	[ "$kept" = "$newest" ]
}

# tree_newer SUITE VARIETY: packages of which the archive has a newer version, one a line.
tree_newer() {
	local dir root
	root=$(tree_path "$1" "$2")/root
	dir=$(mktemp -d "$LAB_TMP/apt.XXXXXX")
	quiet_apt "$dir" "$1"
	cp "$root/var/lib/dpkg/status" "$dir/status"
	private_apt "$dir" -s -qq dist-upgrade | sed -n 's/^Inst \([^ ]*\).*/\1/p'
	rm -rf "$dir"
}

kept_trees() {
	local suite variety
	for suite in bookworm trixie sid; do
		for variety in '' $(tree_varieties); do
			[ ! -e "$(tree_path "$suite" "$variety")" ] || echo "$suite $variety"
		done
	done
}

# forget PATH: a guest that still has it open keeps it until it ends.
forget() {
	mv -T "$1" "$1.new.old"
	rm -rf --one-file-system "$1.new.old"
}

update_kernel() {
	local debug
	if kernel_is_newest "$1"; then
		say "kernel $1 is the newest: $(kernel_exactly "$1")"
		return
	fi
	say "kernel $1 was $(kernel_exactly "$1")"
	UPDATED=$((UPDATED + 1))
	[ "$UPDATE" = yes ] || return 0
	for debug in $DEBUG_KERNELS; do
		[ "$1" != 7 ] || [ ! -e "$(debug_path "$debug")" ] || { say "kernel $debug will be built anew" && forget "$(debug_path "$debug")"; }
	done
	rm -rf "$(module_dir "$1")" "$(kernel_tests_dir "$1")"
	forget "$(kernel_path "$1")"
	need_kernel "$1"
	say "kernel $1 is now $(kernel_exactly "$1")"
}

update_tree() {
	local newer
	newer=$(tree_newer "$1" "$2") || exit
	if [ -z "$newer" ]; then
		say "tree $1${2:+ $2} is the newest"
		return
	fi
	say "tree $1${2:+ $2}: newer are ${newer//$'\n'/ }"
	UPDATED=$((UPDATED + 1))
	[ "$UPDATE" = yes ] || return 0
	forget "$(tree_path "$1" "$2")"
	need_tree "$1" "$2"
}

cmd_update() {
	local name suite variety
	UPDATE=yes UPDATED=0
	while [ $# -gt 0 ]; do
		case $1 in
		--list) UPDATE=no ;;
		--mirror) need_value "$@" && export LAB_MIRROR=$2 && shift ;;
		*) die "lab update: unknown option '$1'" "see lab --help" ;;
		esac
		shift
	done
	need_host
	for name in $(kept_kernels); do update_kernel "$name"; done
	while read -r suite variety; do update_tree "$suite" "$variety" </dev/null; done < <(kept_trees)
	say "$UPDATED of what is kept $([ "$UPDATE" = yes ] && echo 'made anew' || echo 'would be made anew')"
}
