# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# cache: directories that are expensive to make and never change afterwards.
# An entry's name ends in a hash of everything that decides its content; it is
# made in a directory of its own and renamed into place, so a name that exists
# is complete. Two labs that want the same entry wait for one another.

cache_dir() {
	echo "${XDG_CACHE_HOME:-$HOME/.cache}/rodp"
}

# hash_of WORD...: 12 hex digits.
hash_of() {
	printf '%s\n' "$@" | sha256sum | cut -c 1-12
}

# cache_path KIND NAME KEY-WORD...: where such an entry lives.
cache_path() {
	local kind=$1 name=$2
	shift 2
	echo "$(cache_dir)/$kind/$name-$(hash_of "$name" "$@")"
}

# make_image DIR: DIR.img, a read-only ext4 image of DIR, for guests: under
# emulation its metadata is 5 to 20 times as fast as that of a directory over 9p.
make_image() {
	local megabytes files
	megabytes=$(du -sm "$1" | cut -f1)
	files=$(find "$1" | wc -l)
	rm -f "$1.img"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -O ^has_journal -m 0 -N "$((files * 5 / 4 + 1024))" \
		-d "$1" "$1.img" "$((megabytes * 5 / 4 + 64))M"
}

# Removes the remains of makers that died: their directories are unlocked.
cache_sweep() {
	rm -rf --one-file-system -- "$1".new.*
}

# cache_make PATH MAKER ARG...: runs MAKER NEW-DIR ARG... unless PATH exists.
cache_make() {
	local path=$1 maker=$2 new lock
	shift 2
	[ ! -e "$path" ] || return 0
	mkdir -p "$(dirname "$path")"
	exec {lock}>"$path.lock"
	flock -w 3600 "$lock" || die "another lab holds $path.lock for an hour" "end it, or remove the lock"
	if [ ! -e "$path" ]; then
		cache_sweep "$path"
		new=$(mktemp -d "$path.new.XXXXXX")
		chmod 755 "$new"
		"$maker" "$new" "$@"
		mv -T "$new" "$path"
	fi
	exec {lock}>&-
}
