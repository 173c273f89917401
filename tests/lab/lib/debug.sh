# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# debug: the kernel `debug`: the source of kernel 7 in Debian's configuration, with the checkers that
# Debian's kernels are built without (KASAN, lockdep, UBSAN, debug objects; debug/options), and of
# the modules only those that the tests' guests load (debug/modules). About half an hour of
# building, kept like any other kernel. The tests that run on it are kernel 7's.

DEBUG_SLOWNESS=4 # as many times the limit of a test, and half as much memory again

debug_path() {
	cache_path kernels debug "$(cat "$LAB_DIR"/debug/{options,modules,build.sh})" "$(basename "$(kernel_path 7)")"
}

# get_linux_source DIR: kernel 7's, in DIR/linux.
get_linux_source() {
	local dir=$1 version package
	version=$(kernel_version 7)
	make_private_apt "$dir/apt" trixie
	package=$(private_apt "$dir/apt" install --print-uris -qq -y --no-install-recommends -t trixie-backports linux-source |
		awk '{ print $2 }' | grep -oE '^linux-source-[0-9.]+_[^_]*' | sed 's/_/=/; s/%3a/:/')
	[[ $package == *=${version%%+*}-* ]] || die "no source of kernel $version" "the mirror has ${package:-none}"
	(cd "$dir" && private_apt "$dir/apt" download "$package")
	dpkg-deb -x "$dir"/linux-source-*.deb "$dir/source"
	mkdir "$dir/linux"
	tar -xf "$dir"/source/usr/src/linux-source-*.tar.xz -C "$dir/linux" --strip-components=1
	rm -rf "$dir/source" "$dir/apt" "$dir"/linux-source-*.deb
}

# list_debug_modules: as lsmod does, with what they need. A name that kernel 7 does not have is an error.
list_debug_modules() {
	local version modules=$LAB_TMP/modules-7 module
	version=$(kernel_version 7)
	[ -d "$modules" ] || unpack_modules 7 "$modules"
	echo "Module Size Used by"
	for module in $(grep -v '^#' "$LAB_DIR/debug/modules"); do
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "$modules" -S "$version" --show-depends "$module" >"$LAB_TMP/depends" 2>/dev/null ||
			die "kernel 7 has no module '$module'" "correct tests/lab/debug/modules"
		sed -nE 's#^insmod .*/([^/]+)\.ko.*#\1 1 0#p' "$LAB_TMP/depends"
	done | tr - _ | sort -u
}

# make_debug_kernel NEW-DIR. The work is done below the checkout, which the tree sees.
make_debug_kernel() {
	local dir=$1 work=$LAB_CHECKOUT/build/linux-debug version
	rm -rf "$work"
	mkdir -p "$work" "$dir/src"
	get_linux_source "$work"
	cp "$(kernel_path 7)"/src/linux-headers-*-amd64/.config "$work/config"
	list_debug_modules >"$work/lsmod"
	in_variety trixie linux none tests/lab/debug/build.sh "$work"
	version=$(cat "$work/version")
	mv "$work"/{version,vmlinux,root} "$dir/"
	mv "$work/headers" "$dir/src/linux-headers-$version"
	rm -f "$dir/root/usr/lib/modules/$version"/{build,source}
	merge_usr "$dir/root"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$dir/root" "$version"
	gather_boot_modules "$dir" "$version"
	make_image "$dir/root"
	rm -rf "$work" "$dir/root"
}

need_debug_kernel() {
	need_kernel 7
	need_tree trixie linux
	[ -e "$(debug_path)" ] || step "Building kernel debug (about half an hour, once)" 7200 cache_make "$(debug_path)" make_debug_kernel ||
		die "kernel debug does not build" "look at the lines above"
}

# use_debug_kernel: the tests of kernel 7 that need only a guest are on `debug` instead.
use_debug_kernel() {
	local id
	for id in "${!T_NAME[@]}"; do
		[ "${T_DEPTH[id]}" = guest ] && [ "${T_KERNEL[id]}" = 7 ] && [[ ${T_GUEST[id]} != *installed=yes* ]] || continue
		T_KERNEL[id]=debug
		T_LIMIT[id]=$((T_LIMIT[id] * DEBUG_SLOWNESS))
	done
}
