#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# nvme [srq]: NVMe over RDMA. The kernel's target exports LAB_SCRATCH, the kernel's host connects to it over
# RDMA_DEV; fio verifies what it wrote, and a file system is written through the host and read through it
# again, over another connection, and from the disk itself. With `srq` the target's queues share their receives.
set -euo pipefail

NAME=nvme
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"
# shellcheck source=SCRIPTDIR/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"

NQN=nqn.2014-08.org.nvmexpress:rodp
PORT=4420
CONFIG=/sys/kernel/config/nvmet

export_disk() {
	local subsystem=$CONFIG/subsystems/$NQN port=$CONFIG/ports/1
	make_dir "$subsystem" "$subsystem/namespaces/1" "$port"
	put 1 "$subsystem/attr_allow_any_host"
	put "$LAB_SCRATCH" "$subsystem/namespaces/1/device_path"
	put 1 "$subsystem/namespaces/1/enable"
	put rdma "$port/addr_trtype"
	put ipv4 "$port/addr_adrfam"
	put "$RDMA_ADDR" "$port/addr_traddr"
	put "$PORT" "$port/addr_trsvcid"
	ln -s "$subsystem" "$port/subsystems/$NQN" || die "the target does not listen on $RDMA_ADDR"
	undo rm "$port/subsystems/$NQN"
}

# The block device of the subsystem, once it is there.
disk() {
	local dir
	for dir in /sys/block/nvme*n*; do
		[ -b "/dev/${dir##*/}" ] || continue # a path of one, which has no node
		[ "$(cat "$dir/device/subsysnqn" 2>/dev/null)" != "$NQN" ] || { echo "/dev/${dir##*/}" && return; }
	done
	return 1
}

connect() {
	step nvme connect -t rdma -a "$RDMA_ADDR" -s "$PORT" -n "$NQN" --nr-io-queues=2 --ctrl-loss-tmo=5 \
		--hostnqn=nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000077 \
		--hostid=00000000-0000-4000-8000-000000000077
	wait_until 20 "the disk of $NQN" disk
	DISK=$(disk)
}

disconnect() {
	step nvme disconnect -n "$NQN"
}

need_tools nvme fio mkfs.ext4
modprobe -r nvmet-rdma 2>/dev/null || true # which may be there, without or with SRQs
need_modules "nvmet-rdma$([ "${1:-}" != srq ] || echo ' use_srq=1')" nvme-rdma
mount_configfs
make_files "$WORK/files"
export_disk
undo nvme disconnect -n "$NQN"
connect
before=$(traffic)
use_disk "$DISK"
disconnect
connect
look_at_disk "$DISK"
disconnect
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
look_at_disk "$LAB_SCRATCH"
echo "$NAME: data verified"
