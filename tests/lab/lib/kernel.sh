# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# kernel: Debian's kernels (names.sh), taken out of their packages without running a maintainer script; those
# that are built (debug.sh); and the user's (own.sh). A cached entry holds
#   version       the release, as uname -r prints it
#   packages      of which packages it was made, as NAME=VERSION
#   vmlinux       the uncompressed ELF kernel, or the compressed one
#   src/          headers and kbuild, /usr/src of the build tree
#   root.img      usr/lib/modules, a lower layer of the guest's root
#   boot-modules/ what the initrd loads, uncompressed, and their order in `order`
#   missing       what a guest needs at boot and the kernel does not have, if so

# Modules that mount the guest's root.
boot_modules() {
	echo virtio_pci virtio_blk 9pnet_virtio 9p ext4 overlay
}

kernel_path() {
	! is_debug_kernel "$1" || { debug_path "$1" && return; }
	[ "$1" != own ] || { own_path && return; }
	cache_path kernels "$1" "$(kernel_release "$1")" "$(boot_modules)" 5
}

kernel_version() {
	cat "$(kernel_path "$1")/version"
}

# kernel_packages APT RELEASE FLAVOUR: the linux-* packages behind the metapackages, as NAME=VERSION.
kernel_packages() {
	private_apt "$1" install --print-uris -qq -y --no-install-recommends -t "$2" "linux-image-$3" "linux-headers-$3" |
		awk '{ print $2 }' | grep -E '^linux-(image|binary|base|modules|headers|kbuild)-[0-9]' |
		sed -E 's/^([^_]+)_([^_]+)_.*$/\1=\2/; s/%3a/:/'
}

# unpack_kernel NEW-DIR KERNEL
unpack_kernel() {
	local dir=$1 packages deb
	make_private_apt "$dir/apt" "$(kernel_suite "$2")" "$(kernel_release "$2")"
	mapfile -t packages < <(kernel_packages "$dir/apt" "$(kernel_release "$2")" "$(kernel_flavour "$2")")
	[ "${#packages[@]}" -gt 0 ] || die "no kernel $2 in $(kernel_release "$2")" "is the mirror complete?"
	printf '%s\n' "${packages[@]}" | sort >"$dir/packages"
	mkdir "$dir/debs" "$dir/root"
	(cd "$dir/debs" && private_apt "$dir/apt" download "${packages[@]}")
	for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	rm -rf "$dir/debs" "$dir/apt"
}

# Everything below usr/, where the merged-/usr trees expect it.
merge_usr() {
	local root=$1
	mkdir -p "$root/usr/lib"
	if [ -d "$root/lib" ] && [ ! -L "$root/lib" ]; then
		cp -al "$root/lib/." "$root/usr/lib/"
		rm -rf "${root:?}/lib"
	fi
	ln -sfn usr/lib "$root/lib"
	rm -rf "${root:?}/usr/share" "${root:?}/etc"
}

# Brings headers and kbuild together in src/, which is all that a build needs.
# Without vmlinux kbuild leaves out BTF, for which it would want one exact pahole.
gather_headers() {
	local root=$1/root src=$1/src kbuild link target
	mv "$root/usr/src" "$src"
	rm -f "$src"/linux-headers-*/vmlinux
	for kbuild in "$root"/usr/lib/linux-kbuild-*; do
		[ -d "$kbuild" ] || continue
		rm -f "$src/${kbuild##*/}"
		mv "$kbuild" "$src/"
		find "$src" -maxdepth 2 -type l | while read -r link; do
			target=$(readlink "$link")
			case $target in
			*/lib/linux-kbuild-*) ln -sfn "../${target#*/lib/}" "$link" ;;
			esac
		done
	done
}

# The ELF kernel boots through PVH without unpacking itself under emulation.
extract_vmlinux() {
	local image=$1 out=$2 magic tool pos places
	while IFS='|' read -r magic tool; do
		mapfile -t places < <(LC_ALL=C grep -abo -P "$magic" "$image" | cut -d: -f1)
		for pos in "${places[@]}"; do
			tail -c +"$((pos + 1))" "$image" | $tool >"$out" 2>/dev/null || true
			[ "$(head -c 4 "$out" | tail -c 3)" = ELF ] && return 0
		done
	done <<-'EOT'
		\x28\xb5\x2f\xfd|zstd -dcq
		\xfd7zXZ\x00|xz -dcq
		\x1f\x8b\x08|gzip -dcq
	EOT
	cp "$image" "$out"
}

# Without drivers of hardware that no guest has, and uncompressed, because
# unpacking costs a guest seconds. Of SCSI what disks over RDMA need stays.
prepare_modules() {
	local modules=$1 dir
	for dir in sound net/wireless net/bluetooth net/mac80211 \
		drivers/{gpu,media,staging,iio,hwmon,usb,hid,input,platform,bluetooth,mfd,video,isdn,mmc,mtd,ata} \
		drivers/net/{wireless,ethernet,usb,can,phy,dsa}; do
		rm -rf "$modules/kernel/$dir"
	done
	find "$modules/kernel/drivers/scsi" -mindepth 1 -maxdepth 1 ! -name 'scsi_*' ! -name 'sd_mod*' ! -name 'libiscsi*' \
		-exec rm -rf {} +
	find "$modules" -name '*.ko.xz' -exec xz -d {} +
	find "$modules" -name '*.ko.zst' -exec zstd -dq --rm {} +
	find "$modules" -name '*.ko.gz' -exec gzip -d {} +
}

# boot_module_files ROOT VERSION MODULE: what loads it, a line a file; `missing` if the kernel has it neither as a module nor built in.
boot_module_files() {
	PATH=$PATH:/usr/sbin:/sbin modprobe -d "$1" -S "$2" --show-depends "$3" || echo missing "$3"
}

# Copies the boot modules and what they need, in loading order; `missing` lists those that the kernel does not have.
gather_boot_modules() {
	local dir=$1 version=$2 word module file name seen=" "
	mkdir "$dir/boot-modules"
	for module in $(boot_modules); do
		while read -r word file _; do
			name=${file##*/}
			[ "$word" != missing ] || echo "$name" >>"$dir/missing"
			[ "$word" = insmod ] || continue
			[[ $seen != *" $name "* ]] || continue
			seen+="$name "
			cp "$file" "$dir/boot-modules/$name"
			echo "$name" >>"$dir/boot-modules/order"
		done < <(boot_module_files "$dir/root" "$version" "$module")
	done
	touch "$dir/boot-modules/order"
}

# 7.x has its image among the modules, older kernels in /boot.
kernel_image() {
	find "$1/boot" "$1"/usr/lib/modules -maxdepth 2 -name 'vmlinuz*' -print -quit 2>/dev/null || true
}

# make_kernel NEW-DIR KERNEL
make_kernel() {
	local dir=$1 image version
	if [ "$2" = own ]; then unpack_own "$dir"; else unpack_kernel "$dir" "$2"; fi
	merge_usr "$dir/root"
	gather_headers "$dir"
	image=$(kernel_image "$dir/root")
	[ -n "$image" ] || die "no kernel image in the packages of kernel $2"
	extract_vmlinux "$image" "$dir/vmlinux"
	rm -rf "$dir/root/boot" "$image"
	version=$(basename "$(find "$dir"/root/usr/lib/modules -mindepth 1 -maxdepth 1 -print -quit)")
	echo "$version" >"$dir/version"
	prepare_modules "$dir/root/usr/lib/modules/$version"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$dir/root" "$version"
	gather_boot_modules "$dir" "$version"
	make_image "$dir/root"
	rm -rf "$dir/root"
}

# want_bootable KERNEL: Debian's kernels for clouds have no 9p, by which a guest sees the host's directories.
want_bootable() {
	local missing
	missing=$(paste -sd' ' "$(kernel_path "$1")/missing" 2>/dev/null) || return 0
	die "kernel $1 cannot boot in the lab: it has no $missing" "modules can be built for it: lab in-tree --kernel $1"
}

# unpack_modules KERNEL DIR: the lower layer of the guest's root, as a directory.
unpack_modules() {
	mkdir "$2"
	PATH=$PATH:/usr/sbin:/sbin debugfs -R "rdump usr $2" "$(kernel_path "$1")/root.img" 2>"$2.log"
	ln -sfn usr/lib "$2/lib"
	[ -d "$2/usr/lib/modules/$(kernel_version "$1")" ] || die "cannot unpack the modules of kernel $1" "$(cat "$2.log")"
}

make_cached_kernel() {
	cache_make "$(kernel_path "$1")" make_kernel "$1"
}

need_kernel() {
	local path
	! is_debug_kernel "$1" || { need_debug_kernel "$1" && return; }
	[ "$1" != own ] || { need_own && return; }
	path=$(kernel_path "$1")
	[ -e "$path" ] || step "Getting kernel $1 (once)" 1200 make_cached_kernel "$1" ||
		die "could not get kernel $1" "look at the lines above; --mirror URL names another mirror"
}
