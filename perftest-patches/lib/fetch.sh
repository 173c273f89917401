# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# fetch: what the check needs from a Debian mirror, kept in the lab's cache: Debian's
# source of perftest, known by its hash, and the two development packages that the lab's
# trees lack. The mirror is the lab's: the one in this host's apt configuration.

ORIG=perftest_25.01.0+0.80.orig.tar.gz
ORIG_SHA256=54e86b131f0b06862b8b9cd692739737295463cfef467bdda5f5aa3dae8c5b05
DEV_PACKAGES=(libpci-dev libibumad-dev)

perftest_cache() {
	local dir
	dir=$(lab --call cache_dir)/perftest
	mkdir -p "$dir"
	echo "$dir"
}

is_orig() {
	echo "$ORIG_SHA256  $1" | sha256sum --check --status 2>/dev/null
}

# download_orig FILE: apt checks the hash.
download_orig() {
	local url
	url=$(lab --call mirror_url) || return
	/usr/lib/apt/apt-helper download-file "$url/pool/main/p/perftest/$ORIG" "$1" "SHA256:$ORIG_SHA256" >/dev/null 2>&1
}

# fetch_orig: the path of the tarball; skips when it cannot be had.
fetch_orig() {
	local file new
	file=$(perftest_cache)/$ORIG
	if ! is_orig "$file"; then
		new=$(mktemp "$file.XXXXXX")
		download_orig "$new" && is_orig "$new" || {
			rm -f "$new"
			skip "the mirror has no $ORIG of the pinned hash; put it into $(perftest_cache)"
		}
		mv "$new" "$file"
	fi
	echo "$file"
}

# download_packages DIR: DEV_PACKAGES, unpacked into DIR.
download_packages() {
	local dir=$1 deb
	lab --call make_private_apt "$dir/apt" trixie &&
		(cd "$dir" && lab --call private_apt "$dir/apt" -q download "${DEV_PACKAGES[@]}") || return
	for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$dir"; done
	rm -rf "$dir/apt" "$dir"/*.deb
}

# fetch_packages: a directory with their usr/; skips when they cannot be had.
fetch_packages() {
	local dir new
	dir=$(perftest_cache)/dev-trixie
	if [ ! -d "$dir" ]; then
		new=$(mktemp -d "$dir.XXXXXX")
		chmod 755 "$new"
		download_packages "$new" >"$WORK/packages.log" 2>&1 || {
			rm -rf "$new"
			skip "the mirror has no ${DEV_PACKAGES[*]}: $(tail -n 1 "$WORK/packages.log")"
		}
		mv -T "$new" "$dir" 2>/dev/null || rm -rf "$new"
	fi
	echo "$dir"
}
