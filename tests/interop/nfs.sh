#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# nfs: NFS over RDMA. The kernel's server exports a file system on LAB_SCRATCH, the kernel's client mounts it
# with proto=rdma over RDMA_DEV, NFS 4.2 and then 4.1 by segments of other sizes; files that are written
# through it are read through another mount, and are looked at where the server keeps them; fio verifies direct I/O.
set -euo pipefail

NAME=nfs
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

PORT=20049

mount_at() {
	mountpoint -q "$3" || { mkdir -p "$3" && mount -t "$1" "$2" "$3" && undo umount "$3"; } || die "cannot mount $2 at $3"
}

start_server() {
	step mkfs.ext4 -q -F "$LAB_SCRATCH" 256M
	mkdir -p "$WORK/export" "$WORK/mnt" /var/lib/nfs/rpc_pipefs /var/lib/nfs/v4recovery /run/sysconfig
	step mount "$LAB_SCRATCH" "$WORK/export"
	undo umount "$WORK/export"
	chmod 755 "$WORK"
	mount_at nfsd nfsd /proc/fs/nfsd
	mount_at rpc_pipefs rpc_pipefs /var/lib/nfs/rpc_pipefs
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	step exportfs -i -o rw,no_root_squash,no_subtree_check,insecure,sec=sys,fsid=0 "*:$WORK/export"
	undo exportfs -ua
	rpc.mountd -F -N 3 &
	undo kill $!
	undo rpc.nfsd 0
	step rpc.nfsd -N 3 -H "$RDMA_ADDR" 2 || true
	echo "rdma $PORT" >/proc/fs/nfsd/portlist || die "the server does not listen on RDMA port $PORT"
	echo Y >/proc/fs/nfsd/v4_end_grace 2>/dev/null || true
	grep "rdma $PORT" /proc/fs/nfsd/portlist
}

# mount_it VERSION OPTION...
mount_it() {
	step mount -t nfs -o "proto=rdma,port=$PORT,vers=$1,hard,timeo=100$2" "$RDMA_ADDR:/" "$WORK/mnt"
	grep -F "$WORK/mnt" /proc/mounts | grep -oE 'vers=[^,]*|proto=rdma|port=[0-9]+|[rw]size=[0-9]+' | tr '\n' ' '
	echo
	grep -qF 'proto=rdma' <(grep -F "$WORK/mnt" /proc/mounts) || die "the mount is not over RDMA"
}

umount_it() {
	step umount "$WORK/mnt"
}

need_tools rpc.nfsd rpc.mountd exportfs mount.nfs fio mkfs.ext4
need_modules nfsd rpcrdma nfsv4
make_files "$WORK/files"
start_server
undo umount -f -l "$WORK/mnt"
before=$(traffic)
for options in '4.2 ' '4.1 ,rsize=65536,wsize=65536'; do
	version=${options%% *}
	mount_it "$version" "${options#* }"
	rm -f "$WORK"/mnt/file-*
	step cp "$WORK"/files/* "$WORK/mnt/"
	umount_it
	drop_caches
	mount_it "$version" "${options#* }"
	check_files "$WORK/mnt"
	step fio --name=direct --filename="$WORK/mnt/fio-$version" --rw=randwrite --size=8M --ioengine=libaio --direct=1 \
		--iodepth=8 --bsrange=4k-256k --verify=crc32c --do_verify=1 --verify_fatal=1 --verify_state_save=0 --output="$WORK/fio"
	grep -E '^ +(READ|WRITE):' "$WORK/fio" || true
	umount_it
	check_files "$WORK/export"
done
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
echo "$NAME: data verified"
