#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# built.sh DIR HEADERS DEVICE LINE...: in a guest without RDMA, in the copy DIR of the sources, where what needs no root
# has been done: README's LINEs and then DEVICE, which makes a device. See readme.sh. Looks whether it carries data, and whether odpctl
# doctor says the same words where something is missing.
set -euo pipefail

dir=$1 headers=$2 device=$3
shift 3
die() { printf 'built.sh: %s\n' "$*" >&2; exit 1; }
PATH=$PATH:/usr/local/bin # as users have it
sudo() { "$@"; } # one is root here

# privileged LINE: those of its commands that begin with sudo.
privileged() {
	local command
	while read -r command; do
		[[ $command == sudo\ * ]] || continue
		echo "# $command"
		eval "$command"
	done <<<"${1// && /$'\n'}"
}

# doctor_says LINE: something is missing, and LINE mends it (the doctor's words are root's).
doctor_says() {
	local mend=${1//sudo /}
	! build/native/bin/odpctl doctor >/tmp/doctor || die "odpctl doctor finds nothing missing"
	grep -qxF "         $mend" /tmp/doctor || { cat /tmp/doctor && die "odpctl doctor does not say: $mend"; }
}

transfer() {
	local server
	ibv_rc_pingpong -d rodp0 -g 1 -o -c &
	server=$!
	for _ in {1..100}; do
		grep -q . < <(ss -tlnH 'sport = 18515') && break
		sleep 0.1
	done
	ibv_rc_pingpong -d rodp0 -g 1 -o -c 10.77.0.1
	wait "$server"
}

# The lab has laid what it built itself over the root of this guest.
(cd "$LAB_BUILD/stage" && find . ! -type d -printf '/%P\0') | xargs -0 rm -f

[ ! -e /sys/module/ib_core ] || die "this guest has loaded modules of RDMA"
mount --bind "$headers" /usr/src
cd "$dir"
modprobe dummy numdummies=0
ip link add eth0 type dummy
ip link set eth0 mtu 4200 up
ip address add 10.77.0.1/24 dev eth0

doctor_says "$1"
privileged "$1"
[ -e /sys/module/ib_uverbs ] || modprobe ib_uverbs # as udev does for a device
privileged "$device"
doctor_says "$2"
shift
for line; do privileged "$line"; done
odpctl doctor
transfer
echo "README's way without packages leads to a device that carries data"
