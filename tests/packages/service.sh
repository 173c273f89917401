#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# service: rodp@.service makes a device when its interface appears, takes it away when that goes, and makes it again after a reboot; the
# options of /etc/rodp are read; odpctl doctor sees that another module is installed than was loaded. The guest's own first process
# is the lab's, so systemd is the first process of namespaces: a reboot is that it is killed, and that devices, module and
# interface are gone before it starts again.
set -euo pipefail

netdev=play-0 # a dash is something else in the name of a unit
unit=rodp@$(systemd-escape "$netdev")
init=''

die() {
	printf 'service: %s\n' "$*" >&2
	[ -z "$init" ] || inside journalctl --no-pager -n 50 >&2 || true
	exit 1
}

# inside COMMAND...: as a command that was typed after the boot.
inside() { nsenter -t "$init" -m -p -C "$@"; }

# wait_until WHAT COMMAND...
wait_until() {
	local what=$1
	shift
	for _ in {1..600}; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	die "$what: not within a minute"
}

# boot: systemd with a /run and a cgroup of its own.
boot() {
	local group=/sys/fs/cgroup/boot
	mkdir -p "$group"
	# shellcheck disable=SC2016 # expands inside
	sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare --mount --pid --cgroup --fork --kill-child --propagation private sh -c "
		mount -t proc proc /proc
		umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
		mount -t tmpfs -o mode=755 run /run
		exec env -i /lib/systemd/systemd --system --unit=basic.target"' sh "$group" >/dev/null 2>&1 &
	outer=$!
	disown "$outer"
	wait_until "systemd's first process" pgrep -P "$outer"
	init=$(pgrep -P "$outer")
	wait_until "systemd is up" inside systemctl is-active basic.target
}

# power_cut: what a machine forgets.
power_cut() {
	kill -KILL "$init"
	wait_until "systemd's end" test ! -e "/proc/$init"
	init=''
	! ip link show "$netdev" >/dev/null 2>&1 || ip link delete "$netdev"
	wait_until "the module's end" modprobe -r rodp
	rmdir_all /sys/fs/cgroup/boot
}

rmdir_all() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true; }

add_interface() { ip link add "$netdev" type dummy && ip link set "$netdev" up && ip address add 10.77.0.1/24 dev "$netdev"; }

has_device() { rdma link show "$1/1"; }

is_inactive() { [ "$(inside systemctl is-active "$unit")" = inactive ]; }

has_no_device() { ! has_device "$1"; }

transfer() {
	local server
	ibv_rc_pingpong -d "$1" -g 1 -o -c -n 10 >/dev/null &
	server=$!
	wait_until "a listener" bash -c 'ss -tlnH "sport = 18515" | grep .'
	ibv_rc_pingpong -d "$1" -g 1 -o -c -n 10 10.77.0.1
	wait "$server"
}

doctor_says() {
	odpctl doctor >/tmp/doctor || true
	grep -E "$1" /tmp/doctor || { cat /tmp/doctor >&2 && die "odpctl doctor does not say: $1"; }
}

# other_module FILE OUT: as one that was linked anew.
other_module() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dc "$1" ;;
	*) cat "$1" ;;
	esac >/tmp/linked
	objcopy --remove-section .note.gnu.build-id /tmp/linked "$2"
}

echo "== a device that is called as /etc/rodp says, on an interface that comes late"
printf 'DEVICE=storage0\nMTU=4200\n' >"/etc/rodp/$netdev.conf"
boot
inside systemctl enable "$unit"
add_interface
wait_until "the device" has_device storage0
[ "$(cat "/sys/class/net/$netdev/mtu")" -eq 4200 ] || die "the MTU of /etc/rodp was not set"
transfer storage0
doctor_says '^ok +it is the module that is installed'

echo "== the interface goes and comes"
ip link delete "$netdev"
wait_until "the end of the unit" is_inactive
add_interface
wait_until "the device again" has_device storage0

echo "== other options"
printf 'DEVICE=storage1\n' >"/etc/rodp/$netdev.conf"
inside systemctl restart "$unit"
wait_until "the device with its new name" has_device storage1
has_no_device storage0 || die "the device with the name that it had is there too"
printf 'DEVICE=storage0\n' >"/etc/rodp/$netdev.conf"
inside systemctl restart "$unit"
wait_until "the device with the name that it had" has_device storage0

echo "== a reboot"
power_cut
has_no_device storage0 || die "the power cut has left a device"
add_interface
boot
wait_until "the device after the reboot" has_device storage0
transfer storage0

echo "== an upgrade while the device is there"
module=$(find "/lib/modules/$(uname -r)/updates" -name 'rodp.ko*')
cp -a "$module" /tmp/
rm "$module"
other_module "/tmp/${module##*/}" "${module%/*}/rodp.ko"
depmod
doctor_says '^note +it is the module that is installed'
transfer storage0
rm "${module%/*}/rodp.ko"
cp -a "/tmp/${module##*/}" "$module"
depmod
doctor_says '^ok +it is the module that is installed'

echo "== stopped, and disabled"
inside systemctl disable --now "$unit"
wait_until "the device's end" has_no_device storage0
power_cut
rm "/etc/rodp/$netdev.conf"
add_interface
boot
inside udevadm settle
if has_device storage0 || has_device "rodp-$netdev"; then die "a device although the unit is disabled"; fi

echo "== without options"
inside systemctl start "$unit"
wait_until "the device with its usual name" has_device "rodp-$netdev"
inside systemctl stop "$unit"
has_no_device "rodp-$netdev" || die "the device is there after its unit was stopped"
power_cut
echo "a device for each boot, and for no more"
