# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# tree: a Debian root file system of one suite, with a compiler, rdma-core and
# the test tools in it. A cached entry holds `root`, in which everything is
# built, and `root.img`, the guest's read-only base. Neither is written to after
# it was made. A tree may be of a variety, which has more packages, or others: few
# tests want them, so who runs none of those need not download them.

tree_packages() {
	cat <<-'EOT'
		gcc libc6-dev make cmake ninja-build pkgconf patch sparse libelf1
		rdma-core libibverbs-dev librdmacm-dev libibverbs1 ibverbs-providers
		ibverbs-utils rdmacm-utils perftest python3-pyverbs
		libnl-3-dev libnl-route-3-dev libcmocka-dev libjson-c-dev
		iproute2 iputils-ping ethtool tcpdump strace procps mount e2fsprogs
		util-linux kmod xz-utils zstd python3 ca-certificates
	EOT
}

# Packages whose names differ between releases; the default suite also has what
# checks the scripts and draws the charts.
tree_packages_of() {
	case $1 in
	bookworm) tree_packages ;;
	trixie) tree_packages | sed 's/libelf1/libelf1t64/' && echo shellcheck gnuplot-nox fonts-dejavu-core ;;
	*) tree_packages | sed 's/libelf1/libelf1t64/' ;;
	esac | tr -s '\n' ' '
}

# clean_packages SUITE: Debian as a user has it, with what rodp's packages depend on and what the
# tutorial uses; nothing to build user space with. From Debian 13 on, udev brings systemd.
clean_packages() {
	tr -s ' \n' ' ' <<-EOT
		apt base-passwd udev mount kmod iproute2 iputils-ping procps xz-utils dkms gcc libc6-dev make
		$(kernel_libraries "$1") $([ "$1" != bookworm ] || echo systemd) rdma-core libibverbs1 libibverbs-dev ibverbs-providers ibverbs-utils perftest
		libjson-c5
	EOT
}

# words_packages: what reads the project's text. Nothing is built there, so this tree is small and soon made.
words_packages() { echo python3 cmark-gfm mandoc; }

# What the tools in the kernel's header packages are linked with.
kernel_libraries() {
	case $1 in
	bookworm) echo libelf1 ;;
	*) echo libelf1t64 ;;
	esac
}

# tree_varieties: their names. variety_packages VARIETY: what such a tree has more.
tree_varieties() { echo consumers packaging checkers bindings pictures linux clean words; }

variety_packages() {
	case $1 in
	'') ;;
	consumers) echo "nvme-cli fio nfs-kernel-server nfs-common ucx-utils libucx-dev libfabric-bin openmpi-bin libopenmpi-dev" \
		"targetcli-fb open-iscsi srptools" ;;
	checkers) echo "clang libclang-rt-dev llvm valgrind libc6-dbg abigail-tools zsh fish python3-prometheus-client" ;;
	bindings) echo "python3-cffi cargo rustc bindgen libclang1" ;;
	pictures) echo "xvfb xterm imagemagick fonts-dejavu-core chromium" ;;
	linux) echo "flex bison bc libelf-dev libssl-dev rsync" ;;
	packaging) echo "build-essential debhelper dh-dkms lintian" ;;
	*) die "unknown tree '$1'" "use one of: $(tree_varieties)" ;;
	esac
}

# own_packages SUITE VARIETY: of a variety that has others, not more; nothing for the rest.
own_packages() {
	case $2 in
	clean) clean_packages "$1" ;;
	words) words_packages ;;
	esac
}

# packages_of SUITE VARIETY: all that such a tree is asked for.
packages_of() {
	local own
	own=$(own_packages "$@")
	echo "${own:-$(tree_packages_of "$1") $(variety_packages "$2")}"
}

# tree_excludes VARIETY: what is left out of packages, as dpkg's options.
tree_excludes() {
	[ "$1" != clean ] || return 0
	cat <<-'EOT'
		path-exclude=/usr/share/man/*
		path-exclude=/usr/share/locale/*
		path-exclude=/usr/share/info/*
		path-exclude=/usr/share/doc/*
		path-include=/usr/share/doc/rdma-core/*
		path-include=/usr/share/doc/*/copyright
	EOT
}

# tree_path SUITE [VARIETY]
tree_path() {
	local variety=${2:-} own more=()
	own=$(own_packages "$1" "$variety")
	if [ -n "$own" ]; then
		cache_path trees "$1-$variety" "$own" "$(suite_releases "$1")" 1
		return
	fi
	[ -z "$variety" ] || more=("$(variety_packages "$variety")")
	cache_path trees "$1${variety:+-$variety}" "$(tree_packages_of "$1")" "$(tree_excludes "$variety")" "$(suite_releases "$1")" 2 "${more[@]}"
}

# use_memory DIR: a tmpfs for the many small writes of an installation, which a
# slow disk makes minutes of, where root and memory allow it.
use_memory() {
	local free
	mkdir -p "$1"
	chmod 1777 "$1"
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	if [ "$(id -u)" -eq 0 ] && [ "$free" -gt 6000 ]; then
		mount -t tmpfs -o size=3G tmp "$1" 2>/dev/null || true
	fi
}

# make_tree NEW-DIR SUITE VARIETY, in a mount namespace of its own. Without root the files belong to the user, who is
# root inside a namespace of his own.
make_tree() {
	local new=$1 dir=$1/root suite=$2 variety=$3 option options=() root=root
	mkdir "$dir"
	while read -r option; do options+=("--dpkgopt=$option"); done < <(tree_excludes "$variety")
	while read -r option; do options+=("--aptopt=$option"); done < <(apt_options "$suite")
	[ "$(id -u)" -eq 0 ] || root=unshare
	apt_lines "$suite" >"$new/apt.list"
	use_memory "$new/tmp"
	TMPDIR=$new/tmp mmdebstrap --mode="$root" --variant=essential --format=tar --skip=output/dev \
		--include="$(packages_of "$suite" "$variety" | tr -s ' \n' ',' | sed 's/^,//; s/,$//')" \
		"${options[@]}" "$suite" - "$new/apt.list" |
		tar -x -C "$dir" --exclude='./dev/*' "$([ "$root" = root ] && echo --same-owner || echo --no-same-owner)"
	umount "$new/tmp" 2>/dev/null || true
	rm -rf --one-file-system "$new/tmp" "$new/apt.list"
	rm -rf "$dir"/var/lib/apt/lists/* "$dir"/var/cache/apt/*
	mkdir -p "$dir"/{dev,proc,sys,run,tmp,usr/src,usr/lib/modules}
	echo "nameserver 127.0.0.1" >"$dir/etc/resolv.conf"
	echo lab >"$dir/etc/hostname"
	printf '127.0.0.1 localhost lab\n::1 localhost\n' >"$dir/etc/hosts"
	make_image "$dir"
}

make_tree_apart() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare --mount --propagation private "$LAB_DIR/lab" --call make_tree "$@"
	else
		make_tree "$@"
	fi
}

make_cached_tree() {
	cache_make "$(tree_path "$1" "$2")" make_tree_apart "$1" "$2"
}

# need_tree SUITE [VARIETY]: makes it unless it is there.
need_tree() {
	local path name=$1${2:+ $2} size="1 GB"
	[ "${2:-}" != words ] || size="100 MB"
	path=$(tree_path "$1" "${2:-}")
	[ -e "$path" ] || step "Making the $name tree (about $size, once)" 1800 make_cached_tree "$1" "${2:-}" ||
		die "could not make the $name tree" "look at the lines above; --mirror URL names another mirror"
}

# in_namespace COMMAND...: with mounts and pids of its own, as root or as the
# user who is root inside.
in_namespace() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare --mount --pid --fork --kill-child --propagation private "$@"
	else
		unshare --user --map-root-user --mount --pid --fork --kill-child --propagation private "$@"
	fi
}

# headers_of KERNEL: the directory that becomes /usr/src; KERNEL may be none, for LAB_HEADERS.
headers_of() {
	if [ "$1" = none ]; then echo "${LAB_HEADERS:-}"; else echo "$(kernel_path "$1")/src"; fi
}

# in_tree SUITE KERNEL COMMAND...: runs COMMAND natively inside the suite's tree,
# in the checkout's directory, which is there under its own path; the headers of
# KERNEL (6.1, 6.12, 7, none) are in /usr/src.
in_tree() {
	in_variety "$1" '' "${@:2}"
}

# in_variety SUITE VARIETY KERNEL COMMAND...: the same in a tree of that variety.
in_variety() {
	local tree headers
	tree=$(tree_path "$1" "$2")
	headers=$(headers_of "$3")
	shift 3
	mkdir -p "$LAB_TMP/newroot"
	LAB_MOUNTS=$(own_mounts) in_namespace "$LAB_DIR/lib/enter-tree" "$LAB_TMP/newroot" "$tree/root" "$LAB_CHECKOUT" "$headers" "$@"
}

# in_changed_tree OVER SUITE VARIETY KERNEL COMMAND...: the same in a tree that COMMAND may change, with the
# modules of KERNEL in it, as in a guest; the changes, those of earlier commands too, are in the directory OVER.
in_changed_tree() {
	local over=$1 tree headers modules
	tree=$(tree_path "$2" "$3")
	headers=$(headers_of "$4")
	modules=$LAB_TMP/modules-$4
	[ -d "$modules" ] || unpack_modules "$4" "$modules"
	shift 4
	mkdir -p "$LAB_TMP/newroot"
	in_namespace "$LAB_DIR/lib/enter-over" "$LAB_TMP/newroot" "$modules:$tree/root" "$over" "$LAB_CHECKOUT" "$headers" "$@"
}
