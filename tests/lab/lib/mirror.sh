# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# mirror: where Debian packages come from. The address is read from the host's
# own apt configuration when it is needed (apt itself parses both of its
# formats), or given with --mirror; none is written in any file of the project.
# Also owns a private apt that knows a suite without touching the host's.

# Tables of the suites: the apt line's suite names that a tree may draw from.
suite_releases() {
	case $1 in
	bookworm) echo bookworm ;;
	trixie) echo trixie trixie-backports ;;
	sid) echo sid ;;
	*) die "unknown suite '$1'" "use bookworm, trixie or sid" ;;
	esac
}

archive_keyring() {
	local file
	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -e "$file" ] || { echo "$file" && return; }
	done
}

# The first source whose index says that it is Debian itself.
indexed_mirror() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
		awk -F'|' '$1 == "Debian" { print $2; exit }'
}

# Without indexes (a fresh container), the first source with a Debian release.
configured_mirror() {
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s#^'([^']*)/dists/(bookworm|trixie|forky|sid|stable|testing|unstable)/InRelease'.*#\1#p" | sed -n 1p
}

host_mirror() {
	local url
	url=$(indexed_mirror)
	[ -n "$url" ] || url=$(configured_mirror)
	echo "$url"
}

# mirror+file:/path is apt's list of mirrors: take the first.
resolve_mirror() {
	case $1 in
	mirror+file:*) grep -m 1 -oE '^[a-z+]+:[^[:space:]]+' "/${1#mirror+file:/}" ;;
	*) echo "$1" ;;
	esac
}

mirror_url() {
	local url=${LAB_MIRROR:-}
	[ -n "$url" ] || url=$(resolve_mirror "$(host_mirror)") || true
	[ -n "$url" ] || die "no Debian mirror in this host's apt configuration" "name one with --mirror URL"
	echo "${url%/}"
}

# release_url URL RELEASE: Debian has its security updates in an archive of their own, beside the other one.
release_url() {
	case $2 in
	*-security) echo "${1%/*}/debian-security" ;;
	*) echo "$1" ;;
	esac
}

# apt_lines SUITE [RELEASE]: sources.list lines; RELEASE is one more of that suite.
apt_lines() {
	local url release keyring
	url=$(mirror_url)
	keyring=$(archive_keyring)
	for release in $({ suite_releases "$1" | tr ' ' '\n' && echo "${2:-}"; } | awk 'NF && !seen[$0]++'); do
		echo "deb [signed-by=$keyring] $(release_url "$url" "$release") $release main"
	done
}

# Options that carry the host's proxy into an apt that ignores the host's files.
# The indexes of what is not released expire within days, and mirrors lag: their signature still holds.
apt_options() {
	apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|ftp)(::[^ ]*)?::(Proxy|Proxy-Auto-Detect|CAInfo|CaInfo) ' || true
	echo 'Acquire::Retries "3";'
	[[ " sid forky experimental " != *" $1 "* ]] || echo 'Acquire::Check-Valid-Until "false";'
}

# private_apt DIR ARG...: apt-get on the sources in DIR, on an empty system.
private_apt() {
	local dir=$1
	shift
	APT_CONFIG=$dir/apt.conf apt-get "$@"
}

# make_private_apt_alone DIR RELEASE: of that release and no other.
make_private_apt_alone() {
	suite_releases() { echo "$1"; }
	make_private_apt "$1" "$2"
}

# make_private_apt DIR SUITE [RELEASE]: DIR may be relative.
make_private_apt() {
	local dir suite=$2 release=${3:-}
	mkdir -p "$1"
	dir=$(readlink -f "$1")
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial}
	: >"$dir/status"
	apt_lines "$suite" "$release" >"$dir/sources.list"
	{
		echo "Dir::State \"$dir/state\";"
		echo "Dir::State::status \"$dir/status\";"
		echo "Dir::Cache \"$dir/cache\";"
		echo "Dir::Etc::sourcelist \"$dir/sources.list\";"
		echo 'Dir::Etc::sourceparts "/dev/null";'
		echo 'Dir::Etc::main "/dev/null";'
		echo 'Dir::Etc::parts "/dev/null";'
		echo 'Dir::Etc::preferences "/dev/null";'
		echo 'Dir::Etc::preferencesparts "/dev/null";'
		echo 'APT::Architecture "amd64";'
		echo 'APT::Sandbox::User "root";'
		apt_options "$suite"
	} >"$dir/apt.conf"
	private_apt "$dir" -q update
}
