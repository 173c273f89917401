#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# iser: iSCSI over RDMA. The kernel's target (ib_isert) exports LAB_SCRATCH, the kernel's initiator (ib_iser) logs in
# over RDMA_DEV; fio verifies what it wrote, and a file system is written through the initiator and read
# through it again, over another session, and from the disk itself.
set -euo pipefail

NAME=iser
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"
# shellcheck source=SCRIPTDIR/lib/scsi.sh
. "$(dirname "$0")/lib/scsi.sh"

IQN=iqn.2003-01.org.rodp:target
INITIATOR=iqn.2003-01.org.rodp:initiator

# The target's tree in configfs, as targetcli would make it.
export_disk() {
	local tpg=$TARGET/iscsi/$IQN/tpgt_1
	make_backing
	make_dir "$TARGET/iscsi" "$TARGET/iscsi/$IQN" "$tpg" "$tpg/lun/lun_0" "$tpg/np/$RDMA_ADDR:3260"
	ln -s "$BACKING" "$tpg/lun/lun_0/disk"
	undo rm "$tpg/lun/lun_0/disk"
	put 1 "$tpg/np/$RDMA_ADDR:3260/iser"
	put 0 "$tpg/attrib/authentication"
	put 1 "$tpg/attrib/generate_node_acls"
	put 1 "$tpg/attrib/cache_dynamic_acls"
	put 0 "$tpg/attrib/demo_mode_write_protect"
	put 1 "$tpg/enable"
	undo put 0 "$tpg/enable"
}

connect() {
	step iscsiadm -m node -T "$IQN" -p "$RDMA_ADDR:3260" --login
	wait_until 20 "the disk of $IQN" scsi_disk
	DISK=$(scsi_disk)
}

disconnect() {
	step iscsiadm -m node -T "$IQN" -p "$RDMA_ADDR:3260" --logout
}

start_initiator() {
	mkdir -p /run/lock/iscsi
	echo "InitiatorName=$INITIATOR" >/etc/iscsi/initiatorname.iscsi
	setsid iscsid -f >"$WORK/iscsid" 2>&1 & # which ends its process group
	undo kill $!
	sleep 1
	step iscsiadm -m node -T "$IQN" -p "$RDMA_ADDR:3260" -I iser --op=new
	undo iscsiadm -m node -T "$IQN" -p "$RDMA_ADDR:3260" --op=delete
}

need_tools iscsid iscsiadm fio mkfs.ext4
need_modules configfs target_core_mod target_core_iblock iscsi_target_mod ib_isert sd_mod ib_iser
mount_configfs
make_files "$WORK/files"
mark=${#UNDO[@]}
export_disk
start_initiator
undo iscsiadm -m node -T "$IQN" -p "$RDMA_ADDR:3260" --logout
before=$(traffic)
connect
use_disk "$DISK"
disconnect
connect
look_at_disk "$DISK"
disconnect
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
undo_to "$mark" # the target has the disk for itself
look_at_disk "$LAB_SCRATCH"
echo "$NAME: data verified"
