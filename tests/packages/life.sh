#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# life.sh KERNEL-VERSION PACKAGES NEXT-PACKAGES: runs in a clean Debian that it may change; see lifecycle.sh.
set -euo pipefail

version=$1 first=$2 next=$3
conffile=/etc/libibverbs.d/rodp.driver
export DEBIAN_FRONTEND=noninteractive

step() { printf '== %s\n' "$*"; }
die() { printf 'life.sh: %s\n' "$*" >&2; exit 1; }

names() {
	local deb
	for deb in "$first"/*.deb; do dpkg-deb -f "$deb" Package; done
}

module_file() { find "/usr/lib/modules/$version" -name 'rodp.ko*'; }

# Everything but what is no package's and is not looked at: caches, logs, dpkg's and apt's own books.
all_files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path /root -o -path /var/log \
		-o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path "$PWD" \) -prune -o -print | sort
}

# doctor_says TEXT: it finds that something is missing, and this mends it.
doctor_says() {
	! odpctl doctor >/tmp/doctor || die "nothing is missing, says odpctl doctor, on a kernel without the module"
	grep -F "$1" /tmp/doctor || die "odpctl doctor does not say '$1': $(cat /tmp/doctor)"
}

module_names() { modinfo -k "$version" -F "$1" rodp; }

step "before"
cp "/usr/src/linux-headers-$version/.config" "/boot/config-$version"
depmod "$version" # as DKMS does: with the files that this release's writes
all_files >/tmp/before

step "install"
apt-get install -y "./$first"/*.deb
[ -n "$(module_file)" ] || die "no module after the installation"
[ "$(module_names vermagic | cut -d' ' -f1)" = "$version" ] || die "the module is for another kernel: $(module_names vermagic)"
# shellcheck disable=SC2016 # dpkg expands it
old=$(dpkg-query -W -f '${Version}' rodp-dkms)

step "upgrade, with a changed configuration file"
echo "# mine" >>"$conffile"
apt-get install -y "./$next"/*.deb
# shellcheck disable=SC2016
new=$(dpkg-query -W -f '${Version}' rodp-dkms)
dpkg --compare-versions "$new" gt "$old" || die "$new is no upgrade from $old"
grep -q '^# mine$' "$conffile" || die "the upgrade has overwritten $conffile"
dkms status rodp
[ "$(dkms status rodp | wc -l)" -eq 1 ] || die "DKMS has not exactly one version"
grep -qF "$new" < <(dkms status rodp) || die "DKMS has not the new version $new"
[ "$(module_file | wc -l)" -eq 1 ] || die "not one module after the upgrade: $(module_file)"
[ ! -e "/usr/src/rodp-$old" ] || die "the old source is still there: /usr/src/rodp-$old"

step "what is missing"
doctor_says 'dkms autoinstall && modprobe rodp' # for the kernel that runs here DKMS has built nothing
apt-get remove -y rodp-dkms
doctor_says 'apt install ./rodp-dkms_*.deb'

step "remove"
# shellcheck disable=SC2046 # names
apt-get remove -y $(names)
[ -z "$(module_file)" ] || die "the module is still there: $(module_file)"
[ -e "$conffile" ] || die "removing has taken the configuration file away; only purging may"

step "purge" # of those that left a configuration file; dpkg has forgotten the others
# shellcheck disable=SC2046 # names
dpkg --purge $(names)
all_files >/tmp/after
diff /tmp/before /tmp/after || die "purging has left or taken away what is listed above (< taken away, > left)"
echo "installed, upgraded, removed and purged: as if it had never been there"
