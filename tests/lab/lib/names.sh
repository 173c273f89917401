# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# names: the words for a kernel.
#   6.1, 6.12, 7, rt      Debian's, that the tests are for; rt is 7 with PREEMPT_RT
#   debug, kcsan          built here (debug.sh)
#   RELEASE[+FLAVOUR]     Debian's newest of a release: bookworm-security, trixie-backports+cloud, sid+rt, experimental
#   own                   the user's: a tree that was built, or packages, in LAB_OWN_KERNEL (own.sh); --kernel gets their path

LAB_KERNELS="6.1 6.12 7 debug kcsan rt"
DEBIAN_RELEASES="bookworm bookworm-security bookworm-backports trixie trixie-security trixie-backports forky sid experimental"
DEBIAN_FLAVOURS="cloud rt"

is_debian_kernel() {
	local flavour=${1#*+}
	[[ " $DEBIAN_RELEASES " == *" ${1%%+*} "* ]] && { [ "$flavour" = "$1" ] || [[ " $DEBIAN_FLAVOURS " == *" $flavour "* ]]; }
}

# take_kernel WORD: sets KERNEL to its name; that of a path is own.
take_kernel() {
	KERNEL=$1
	case $1 in
	*/* | *.deb | .) KERNEL=own && own_kernel "$1" ;;
	own) [ -n "${LAB_OWN_KERNEL:-}" ] || die "--kernel own: which?" "give the path of a built kernel tree, or of packages" ;;
	*)
		[[ " $LAB_KERNELS " == *" $1 "* ]] || is_debian_kernel "$1" ||
			die "--kernel cannot be '$1'" "use one of $LAB_KERNELS; RELEASE or RELEASE+FLAVOUR of: $DEBIAN_RELEASES, $DEBIAN_FLAVOURS; the path of a built kernel tree; or packages: A.deb,B.deb"
		;;
	esac
}

# kernel_suite KERNEL: the suite whose compiler its modules need.
kernel_suite() {
	case $1 in
	6.1 | bookworm*) echo bookworm ;;
	6.12 | 7 | debug | kcsan | rt | own | trixie*) echo trixie ;;
	forky* | sid* | experimental*) echo sid ;;
	*) die "unknown kernel '$1'" "use one of: $LAB_KERNELS" ;;
	esac
}

# kernel_release KERNEL: the part of Debian's archive that it is from.
kernel_release() {
	case $1 in
	7 | rt) echo trixie-backports ;;
	6.1 | 6.12 | debug | kcsan | own) kernel_suite "$1" ;;
	*) echo "${1%%+*}" ;;
	esac
}

# kernel_flavour KERNEL: Debian's word for it.
kernel_flavour() {
	case $1 in
	rt | *+rt) echo rt-amd64 ;;
	*+cloud) echo cloud-amd64 ;;
	*) echo amd64 ;;
	esac
}

# kernel_headers KERNEL: where they are in the tree in which modules are built.
kernel_headers() {
	if [ "$1" = own ] && [ -d "$LAB_OWN_KERNEL" ]; then
		echo "$LAB_OWN_KERNEL"
	else
		echo "/usr/src/linux-headers-$(kernel_version "$1")"
	fi
}

# kernel_exactly KERNEL: what it says of itself at boot, which has Debian's version of the package in it.
kernel_exactly() {
	LC_ALL=C grep -aom 1 'Linux version [0-9][ -~]*' "$(kernel_path "$1")/vmlinux" 2>/dev/null | sed -n 1p || kernel_version "$1"
}
