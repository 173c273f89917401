# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# debug: the kernels that are built here: the source of kernel 7 in Debian's configuration, with the checkers that
# Debian's kernels are built without, and of the modules only those that the tests' guests load (debug/modules).
#   debug  KASAN, lockdep, UBSAN, debug objects (debug/options-debug)
#   kcsan  KCSAN, kmemleak (debug/options-kcsan)
# Both can inject faults (debug/options). About half an hour of building each, kept like any other kernel. The
# tests that run on one of them, and on any kernel that no tests.list names, are kernel 7's.

DEBUG_KERNELS="debug kcsan"

is_debug_kernel() { [[ " $DEBUG_KERNELS " == *" $1 "* ]]; }
# is_standin_kernel KERNEL: no test names it; those of 7 run on it.
is_standin_kernel() { [[ " 6.1 6.12 7 " != *" $1 "* ]]; }

# kernel_slowness KERNEL: as many times the limit of a test.
kernel_slowness() {
	case $1 in
	debug) echo 4 ;;
	kcsan) echo 6 ;;
	rt | *+rt | own) echo 2 ;;
	*) echo 1 ;;
	esac
}

debug_path() {
	cache_path kernels "$1" "$(cat "$LAB_DIR"/debug/{options,"options-$1",modules,configure.sh,build.sh})" "$(basename "$(kernel_path 7)")"
}

# unpack_linux_source DIR MEMBER...: of kernel 7's source, what matches these patterns (none: all), in DIR/linux.
unpack_linux_source() {
	local dir=$1 version package
	shift
	version=$(kernel_version 7)
	make_private_apt "$dir/apt" trixie
	package=$(private_apt "$dir/apt" install --print-uris -qq -y --no-install-recommends -t trixie-backports linux-source |
		awk '{ print $2 }' | grep -oE '^linux-source-[0-9.]+_[^_]*' | sed 's/_/=/; s/%3a/:/')
	[[ $package == *=${version%%+*}-* ]] || die "no source of kernel $version" "the mirror has ${package:-none}"
	(cd "$dir" && private_apt "$dir/apt" download "$package")
	dpkg-deb -x "$dir"/linux-source-*.deb "$dir/source"
	mkdir "$dir/linux"
	tar -xf "$dir"/source/usr/src/linux-source-*.tar.xz -C "$dir/linux" --strip-components=1 --wildcards "$@"
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

# begin_debug_kernel WORK KEY: the source and what it is configured by. What an interrupted build of the same KEY left
# is taken up again.
begin_debug_kernel() {
	local work=$1 key=$2
	if [ "$(cat "$work/key" 2>/dev/null)" = "$key" ]; then return; fi
	rm -rf "$work"
	mkdir -p "$work"
	unpack_linux_source "$work"
	cp "$(kernel_path 7)"/src/linux-headers-*-amd64/.config "$work/config"
	list_debug_modules >"$work/lsmod"
	echo "$key" >"$work/key"
}

# make_debug_kernel NEW-DIR NAME. The work is done below the checkout, which the tree sees.
make_debug_kernel() {
	local dir=$1 name=$2 work=$LAB_CHECKOUT/build/linux-$2 version
	begin_debug_kernel "$work" "$(basename "$(debug_path "$name")")"
	rm -rf "$work"/{root,headers}
	mkdir -p "$dir/src"
	in_variety trixie linux none tests/lab/debug/build.sh "$work" "$name"
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
	[ -e "$(debug_path "$1")" ] || step "Building kernel $1 (about half an hour, once)" 7200 cache_make "$(debug_path "$1")" make_debug_kernel "$1" ||
		die "kernel $1 does not build" "look at the lines above"
}

# use_standin_kernel NAME: the tests of kernel 7 that need only a guest are on NAME instead.
use_standin_kernel() {
	local id slowness
	slowness=$(kernel_slowness "$1")
	for id in "${!T_NAME[@]}"; do
		[ "${T_DEPTH[id]}" = guest ] && [ "${T_KERNEL[id]}" = 7 ] && [[ ${T_GUEST[id]} != *installed=yes* ]] || continue
		T_KERNEL[id]=$1
		T_LIMIT[id]=$((T_LIMIT[id] * slowness))
	done
}
