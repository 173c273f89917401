# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# main: process 1 of the guest once its root is mounted. Mounts the rest, opens
# the channels to the host, and runs the job: one command (here) or a batch of tests
# (batch.sh). The
# host believes only what is written to the status channel:
#   started             the script runs
#   refused REASON      this kernel cannot have this link
#   link-failed REASON  the devices did not come up
#   exit N              the command ended with status N

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
LAB=/run/lab
JOB=$LAB/job

status() { printf '%s\n' "$*" >/dev/ttyS1; }

power_off() {
	sync
	"$LAB/busybox" poweroff -f
	sleep 60
}

mount_rest() {
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mkdir -p /dev/shm /dev/pts /dev/hugepages
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t hugetlbfs hugetlbfs /dev/hugepages
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	ln -sfn /proc/self/fd /dev/fd
	ln -sfn /proc/self/fd/0 /dev/stdin
	ln -sfn /proc/self/fd/1 /dev/stdout
	ln -sfn /proc/self/fd/2 /dev/stderr
	ip link set lo up
	echo lab >/proc/sys/kernel/hostname
	ulimit -l unlimited
	echo 1 >/proc/sys/kernel/panic_on_oops
}

# port NAME: the device of the virtio-serial port of that name.
port() {
	local dir
	for _ in {1..50}; do
		for dir in /sys/class/virtio-ports/*; do
			[ "$(cat "$dir/name" 2>/dev/null)" = "$1" ] && echo "/dev/${dir##*/}" && return
		done
		sleep 0.1
	done
	status "link-failed no channel '$1' to the host"
	power_off
}

# The built files of the suite, over the root.
install_stage() {
	[ -s "$JOB/stage" ] || return 0
	cp -a "$(cat "$JOB/stage")/." /
	ldconfig
}

# The host's terminal, whose size is in the job.
open_terminal() {
	local rows columns
	read -r rows columns <"$JOB/terminal"
	exec 0<>/dev/hvc0 1>&0 2>&0
	stty rows "$rows" columns "$columns" sane
	export TERM=xterm
	CTTY=(--ctty)
}

# Programs may reopen /dev/stdout, a port opens once: a cat stands between.
run_job() {
	local out err status=0 CTTY=()
	out=$(port out)
	err=$(port err)
	exec 3> >(exec cat >"$out")
	local out_pid=$!
	exec 4> >(exec cat >"$err")
	local err_pid=$!
	link_up "$LINK" "$TOPO" >"$LAB/link.log" 2>&1 || status=$?
	if [ "$status" -eq 77 ]; then
		status "refused $(tail -n 1 "$LAB/link.log")"
		return
	elif [ "$status" -ne 0 ]; then
		cat "$LAB/link.log" >&4
		status "link-failed $(tail -n 1 "$LAB/link.log")"
		return
	fi
	(
		if [ -s "$JOB/terminal" ]; then open_terminal; else exec 0</dev/null 1>&3 2>&4; fi
		exec 3>&- 4>&-
		# shellcheck source=/dev/null
		. "$LAB/link.env"
		mapfile -d '' -t argv <"$JOB/argv"
		cd "$WORKDIR" || exit 126
		exec setsid "${CTTY[@]}" --wait ${RDMA_NETNS:+ip netns exec "$RDMA_NETNS"} "${argv[@]}"
	) || status=$?
	exec 3>&- 4>&-
	# A daemon that the command left behind may hold them: do not wait for ever.
	timeout 2 tail --pid="$out_pid" --pid="$err_pid" -f /dev/null
	status "exit $status"
}

# shellcheck source=SCRIPTDIR/link.sh
. "$LAB/link.sh"
# shellcheck source=SCRIPTDIR/scan.sh
. "$LAB/scan.sh"
# shellcheck source=SCRIPTDIR/batch.sh
. "$LAB/batch.sh"
stty -F /dev/ttyS1 raw
mount_rest
# shellcheck source=/dev/null
. "$JOB/settings"
echo "lab: $LINK, $TOPO" >/dev/kmsg
status started
modprobe virtio_console
install_stage
# From here on every kernel message goes to the console, which is a file.
dmesg -n 8
races_watch
if [ -e "$JOB/batch" ]; then run_batch; else run_job; fi
power_off
