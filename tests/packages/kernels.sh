#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# kernels.sh [PATTERN]: the module compiles, without a warning, against the headers of every kernel for amd64 that Debian's archive has for
# its releases, those for clouds and with PREEMPT_RT too: of each series the newest, and with LAB_ALL_HEADERS=yes each version. Where
# headers lack what is needed, the build must say what: Debian 11's 5.10 does. Prints a table, build/kernels.md.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
lab=$here/../lab/lab
pattern=${1:-.}
work=$PWD/build/headers
table=build/kernels.md
failed=0 built=0 refused=0

die() { printf 'kernels: %s\n' "$*" >&2; exit 1; }

# sources: RELEASE SUITE must|may, where the tree of SUITE has a compiler for it, and the archive must have kernels of it, or may.
sources() {
	cat <<-'EOT'
		bullseye bookworm may
		bullseye-security bookworm may
		bookworm bookworm must
		bookworm-security bookworm must
		bookworm-backports bookworm must
		trixie trixie must
		trixie-security trixie must
		trixie-backports trixie must
		forky sid may
		sid sid must
		experimental sid may
	EOT
}

# apt RELEASE COMMAND...: apt's tools on that release alone.
apt() {
	local release=$1
	shift
	APT_CONFIG=$work/apt/$release/apt.conf "$@"
}

# list_headers RELEASE: the packages with headers of a kernel in it, the newest of each series and flavour first.
list_headers() {
	local release=$1 series=''
	"$lab" --call make_private_apt_alone "$work/apt/$release" "$release" >"$work/apt.log" 2>&1 || return 0
	apt "$release" apt-cache search --names-only '^linux-headers-[0-9]+[.][0-9]+([.][0-9].*)?-((cloud|rt)-)?amd64$' | cut -d' ' -f1 |
		while read -r name; do
			is_meta "$release" "$name" || echo "$name"
		done |
		awk '{ flavour = /-cloud-/ ? "cloud" : /-rt-/ ? "rt" : ""; split($0, part, /[-.]/); print part[3] "." part[4] "-" flavour, $0 }' |
		sort -k1,1 -k2,2Vr |
		while read -r key name; do
			if [ "${LAB_ALL_HEADERS:-no}" = yes ] || [ "$key" != "$series" ]; then echo "$name"; fi
			series=$key
		done
}

# is_meta RELEASE NAME: it has no headers, but depends on a package that has: a series in its name, as 6.12, and no version.
is_meta() {
	[[ $2 =~ ^linux-headers-[0-9]+\.[0-9]+-[a-z] ]] && grep -qE 'Depends: linux-headers-.*-amd64' < <(apt "$1" apt-cache depends "$2")
}

# get_headers RELEASE NAME: into $work/src/NAME, as /usr/src is laid out.
get_headers() {
	local dir=$work/src/$2 deb packages
	[ ! -e "$dir/done" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir/debs" "$dir/root"
	mapfile -t packages < <(apt "$1" apt-get install --print-uris -qq -y --no-install-recommends "$2" 2>/dev/null | awk '{ print $2 }' |
		grep -E '^linux-(headers|kbuild)-[0-9]' | sed -E 's/^([^_]+)_([^_]+)_.*$/\1=\2/; s/%3a/:/')
	[ "${#packages[@]}" -gt 0 ] || mapfile -t packages < <(apt "$1" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "$2" | grep -E '^linux-(headers|kbuild)-[0-9]')
	(cd "$dir/debs" && apt "$1" apt-get -q download "${packages[@]}") >"$work/get.log" 2>&1 || { cat "$work/get.log" && return 1; }
	for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	"$lab" --call gather_headers "$dir"
	rm -rf "$dir/debs" "$dir/root"
	touch "$dir/done"
}

# compile RELEASE SUITE NAME: prints what came of it.
compile() {
	local log=$work/$3.log out=$work/out status=0
	"$lab" --call need_tree "$2" >"$log" 2>&1 || { echo "no tree of $2" && return 1; }
	rm -rf "$out"
	LAB_HEADERS=$work/src/$3/src "$lab" --call in_tree "$2" none make -C kernel -j"$(nproc)" KDIR="/usr/src/$3" \
		O="$out" W=1 RODP_WERROR=yes RODP_RT=yes CC="gcc" >>"$log" 2>&1 || status=$?
	if [ "$status" -eq 0 ] && [ -e "$out/rodp.ko" ] && ! grep -qE ': warning:|WARNING: modpost' "$log"; then
		echo built
	elif grep -q '^rodp: this kernel lacks: ' "$log"; then
		echo "lacks: $(sed -n 's/^rodp: this kernel lacks: //p' "$log" | sed 's/ (usually.*//' | paste -sd';' | sed 's/;/; /g')"
	else
		tail -n 15 "$log" >&2
		return 1
	fi
}

# judge SERIES WORDS: what a series that is old must say, and no other may.
judge() {
	case $1/$2 in
	5.*/lacks:*) refused=$((refused + 1)) ;;
	[6-9].*/built) built=$((built + 1)) ;;
	*) failed=$((failed + 1)) && return 1 ;;
	esac
}

mkdir -p "$work/apt" "$work/src"
printf '| kernel | from | compiled in | |\n|---|---|---|---|\n' >"$table"
while read -r release suite how <&3; do
	mapfile -t names < <(list_headers "$release")
	if [ "${#names[@]}" -eq 0 ]; then
		echo "$release: the archive has no headers of it, and $how have some"
		[ "$how" = may ] || failed=$((failed + 1))
	fi
	for name in "${names[@]}"; do
		[[ $name =~ $pattern ]] || continue
		! grep -qF "| ${name#linux-headers-} |" "$table" || continue
		words='not to be had'
		! get_headers "$release" "$name" || words=$(compile "$release" "$suite" "$name") || words=${words:-failed}
		judge "${name#linux-headers-}" "$words" || words="**$words**"
		echo "${name#linux-headers-}: $words"
		echo "| ${name#linux-headers-} | $release | $suite | $words |" >>"$table"
	done
done 3< <(sources)
echo "$built built, $refused refused with the reason, $failed failed: $table"
[ "$failed" -eq 0 ] || die "not every kernel is as it should be"
[ "$built" -gt 0 ] || die "nothing was built"
