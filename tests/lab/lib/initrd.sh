# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# initrd: the small archive that mounts the guest's root. It holds busybox, the
# boot modules, the guest-side scripts and the job: what this one guest shall do.
# Made anew for every boot (about 4 MB, tens of milliseconds), never cached.

# make_initrd OUT KERNEL-PATH JOB-DIR
make_initrd() {
	local out=$1 kernel=$2 job=$3 dir=$LAB_TMP/initrd
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,sys,lab,tree,kern,root}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	cp -r "$kernel/boot-modules" "$dir/modules"
	cp "$LAB_DIR"/guest/*.sh "$dir/lab/"
	cp -r "$job" "$dir/lab/job"
	cp "$LAB_DIR/guest/init" "$dir/init"
	chmod 755 "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc) >"$out"
}
