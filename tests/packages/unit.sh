#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# unit: what the commands of rodp@.service do, with tools that only write down how they are called: the MTU comes before the device, what is
# stopped is what was started, whatever the options say by then, and an interface that is gone is no failure. packages/service has
# systemd itself run them.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir"/{bin,run,devices}

fail() {
	cat "$dir/calls"
	echo "unit: $*"
	exit 1
}

# tool NAME STATUS: writes down its arguments.
tool() {
	printf '#!/bin/sh\necho "%s $*" >>%s/calls\nexit %s\n' "$1" "$dir" "$2" >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}

# unit ExecStart|ExecStop INTERFACE: as systemd would, its options in DEVICE and MTU.
unit() {
	local line
	line=$(sed -n "s/^$1=//p" 'service/rodp@.service' | sed "s,\\$\\$,\$,g; s,/run/rodp,$dir/run,g; s,/sys/class/infiniband,$dir/devices,g")
	: >"$dir/calls"
	[[ $line == "/bin/sh -c '"*"' sh %I" ]] || fail "$1 has another form than this test knows: $line"
	line=${line#*\'}
	PATH=$dir/bin:$PATH /bin/sh -c "${line%\'*}" sh "$2"
}

# called LINE...: just these.
called() { [ "$(cat "$dir/calls")" = "$(printf '%s\n' "$@")" ] || fail "not called as: $*"; }

export DEVICE=rodp-eth0 MTU=''
tool ip 0
tool rdma 0
unit ExecStart eth0 || fail "it does not start"
called "rdma link add rodp-eth0 type rodp netdev eth0"
touch "$dir/devices/rodp-eth0" "$dir/devices/other"
DEVICE=other unit ExecStop eth0 || fail "it does not stop"
called "rdma link delete rodp-eth0"

DEVICE=storage0 MTU=4200 unit ExecStart br-lan || fail "it does not start with options"
called "ip link set br-lan mtu 4200" "rdma link add storage0 type rodp netdev br-lan"
DEVICE=storage0 unit ExecStop br-lan || fail "an interface that is gone is a failure"
called

tool rdma 3
! unit ExecStart eth0 || fail "a device that cannot be made is no failure"
touch "$dir/devices/rodp-eth0"
! unit ExecStop eth0 2>"$dir/err" || fail "a device that cannot be deleted is no failure"
called "rdma link delete rodp-eth0"
echo "what is stopped is what was started"
