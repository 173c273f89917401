# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# host: what the lab needs of the machine it runs on. Owns the list of host
# packages and the one place where root is asked for.

# One line per need: the command that proves it, then the Debian package.
host_needs() {
	cat <<-'EOT'
		qemu-system-x86_64 qemu-system-x86
		mmdebstrap mmdebstrap
		busybox busybox-static
		modprobe kmod
		cpio cpio
		xz xz-utils
		zstd zstd
		unshare util-linux
		mke2fs e2fsprogs
	EOT
	# Without root, trees are made in a user namespace with many ids.
	[ "$(id -u)" -eq 0 ] || echo newuidmap uidmap
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "root is needed once, to run: $*" "install sudo, or run the command above as root"
	fi
}

# host_missing EXTRA...: packages that are not there yet; EXTRA is
# COMMAND:PACKAGE.
host_missing() {
	local command package extra
	{
		host_needs
		for extra in "$@"; do echo "${extra%%:*} ${extra#*:}"; done
	} | while read -r command package; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || echo "$package"
	done
	[ -n "$(archive_keyring)" ] || echo debian-archive-keyring
}

host_apt() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=300 "$@"
}

install_host_packages() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
		install -y --no-install-recommends "$@"
}

# need_host [COMMAND:PACKAGE...]: installs what is missing.
need_host() {
	local missing
	[ "$(uname -m)" = x86_64 ] || die "the lab runs x86-64 guests, this host is $(uname -m)"
	mapfile -t missing < <(host_missing "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		die "missing on this host: ${missing[*]}" "install them with this system's package manager"
	if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null; then
		say "root is needed once, to install: ${missing[*]}"
		sudo -v
	fi
	step "Installing ${missing[*]}" 900 install_host_packages "${missing[@]}" ||
		die "could not install ${missing[*]}" "run apt-get update, then install them by hand"
}
