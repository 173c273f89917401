#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# srp [srq]: SCSI over RDMA. The kernel's target (ib_srpt) exports LAB_SCRATCH and listens through rdma_cm, the kernel's
# initiator (ib_srp) logs in over RDMA_DEV; fio verifies what it wrote, and a file system is written through the
# initiator and read through it again, over another session, and from the disk itself. With `srq` the target's queues share their receives.
set -euo pipefail

NAME=srp
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"
# shellcheck source=SCRIPTDIR/lib/scsi.sh
. "$(dirname "$0")/lib/scsi.sh"

SRQ=${1:-}
PORT=5555
HOSTS=/sys/class/infiniband_srp/srp-$RDMA_DEV-1

# The name that the port has in the target's tree: its GUID, the lower half of its first GID.
port_name() {
	cut -d: -f5-8 "/sys/class/infiniband/$RDMA_DEV/ports/1/gids/0"
}

# By what an initiator knows the target.
service_guid() {
	sed 's/^0x//' /sys/module/ib_srpt/parameters/srpt_service_guid
}

export_disk() {
	local tpg
	make_backing
	tpg=$TARGET/srpt/$(port_name)/$(port_name)
	make_dir "$TARGET/srpt" "${tpg%/*}" "$tpg" "$tpg/lun/lun_0"
	ln -s "$BACKING" "$tpg/lun/lun_0/disk"
	undo rm "$tpg/lun/lun_0/disk"
	make_dir "$tpg/acls/$RDMA_ADDR" "$tpg/acls/$RDMA_ADDR/lun_0"
	ln -s "$tpg/lun/lun_0" "$tpg/acls/$RDMA_ADDR/lun_0/lun"
	undo rm "$tpg/acls/$RDMA_ADDR/lun_0/lun"
	[ "$SRQ" != srq ] || put 1 "$tpg/attrib/use_srq"
	put 1 "$tpg/enable"
	undo put 0 "$tpg/enable"
	put "$PORT" "$TARGET/srpt/discovery_auth/rdma_cm_port"
	undo put 0 "$TARGET/srpt/discovery_auth/rdma_cm_port"
}

connect() {
	local guid
	guid=$(service_guid)
	echo "+ id_ext=$guid,ioc_guid=$guid,dest=$RDMA_ADDR:$PORT > $HOSTS/add_target"
	put "id_ext=$guid,ioc_guid=$guid,dest=$RDMA_ADDR:$PORT,src=$RDMA_ADDR,max_cmd_per_lun=8" "$HOSTS/add_target"
	wait_until 20 "a disk over SRP" scsi_disk
	DISK=$(scsi_disk)
}

no_session() {
	[ -z "$(ls /sys/class/srp_remote_ports)" ] && ! scsi_disk
}

disconnect() {
	local port
	for port in /sys/class/srp_remote_ports/port-*; do
		[ ! -e "$port" ] || echo 1 >"$port/delete"
	done
	wait_until 20 "the end of the session" no_session
}

need_tools fio mkfs.ext4
need_modules configfs target_core_mod target_core_iblock ib_srpt sd_mod ib_srp
undo modprobe -r ib_srp ib_srpt # loaded, each keeps a PD of the device
mount_configfs
make_files "$WORK/files"
mark=${#UNDO[@]}
export_disk
wait_until 10 "$HOSTS" test -e "$HOSTS"
before=$(traffic)
connect
undo disconnect
use_disk "$DISK"
disconnect
connect
look_at_disk "$DISK"
disconnect
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
undo_to "$mark" # the target has the disk for itself
look_at_disk "$LAB_SCRATCH"
echo "$NAME: data verified"
