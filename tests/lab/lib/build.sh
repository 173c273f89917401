# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# build: the project built inside a suite's tree, so that it fits the guest's
# kernel and libraries whatever the host is. Owns the layout of build/:
#   build/kernel-VERSION/rodp.ko   the module for one kernel; odp_monitor.ko beside it
#   build/kernel-VERSION/loaded/   the same without what only debuggers read, which is a hundred times as much: for guests
#   build/kernel-tests-VERSION/    modules of tests/kernel for it
#   build/SUITE/                   CMake's build directory
#   build/SUITE/stages/KEY/        what is installed over the guest's root, named by its content. A guest holds a lock on the
#                                  one that it copies, so that who builds meanwhile takes nothing away from it
#   build/SUITE/stage              leads to the newest of them

build_path() { echo "$LAB_CHECKOUT/build/$1"; }
stage_path() { echo "$LAB_CHECKOUT/build/$1/stage"; }
# LAB_KERNEL_SOURCE: another kernel/, below the checkout, is built beside the usual one.
module_dir() { echo "$LAB_CHECKOUT/build/kernel-$(kernel_version "$1")$(own_word "$1")${LAB_KERNEL_SOURCE:+-other}"; }
kernel_tests_dir() { echo "$LAB_CHECKOUT/build/kernel-tests-$(kernel_version "$1")$(own_word "$1")"; }
# A kernel of the user's may be called like one of Debian's.
own_word() { if [ "$1" = own ]; then echo -own; fi; }
module_path() { echo "$(module_dir "$1")/rodp.ko"; }
loaded_module_path() { echo "$(module_dir "$1")/loaded/rodp.ko"; }

# One build at a time in a build directory.
with_build_lock() {
	local dir=$1 lock
	shift
	mkdir -p "$dir"
	exec {lock}>"$dir/.lab-lock"
	flock -w 1800 "$lock" || die "another build holds $dir for half an hour"
	"$@"
	exec {lock}>&-
}

# The module must have no warning. A build with one is thrown away, so that the
# next build shows it again.
make_module() {
	in_tree "$(kernel_suite "$1")" "$1" make -C "${LAB_KERNEL_SOURCE:-kernel}" -j"$(nproc)" \
		KDIR="$(kernel_headers "$1")" O="$(module_dir "$1")" W=1 RODP_WERROR=yes RODP_RT=yes 2>&1 | tee "$LAB_TMP/module.log"
	if grep -qE ': warning:|WARNING: modpost' "$LAB_TMP/module.log"; then
		find "$(module_dir "$1")" -name '*.o' -delete
		rm -f "$(module_dir "$1")"/*.ko
		die "the module has warnings on kernel $1"
	fi
	strip_module "$1"
}

# strip_module KERNEL: both modules, for guests. Who is interrupted leaves nothing under its name.
strip_module() {
	local from to
	for from in "$(module_dir "$1")"/*.ko; do
		to=$(dirname "$(loaded_module_path "$1")")/${from##*/}
		[ ! -e "$from" ] || [ "$to" -nt "$from" ] || {
			mkdir -p "$(dirname "$to")"
			in_tree "$(kernel_suite "$1")" "$1" strip --strip-debug -o "$to.new" "$from"
			mv "$to.new" "$to"
		}
	done
}

build_module() {
	with_build_lock "$(module_dir "$1")" make_module "$1"
}

# Modules of tests, which know the kernel's verbs and nothing of rodp.
make_kernel_tests() {
	local dir
	dir=$(kernel_tests_dir "$1")
	cp -u "$LAB_CHECKOUT"/tests/kernel/{Kbuild,*.c} "$dir/"
	in_tree "$(kernel_suite "$1")" "$1" make -C "$(kernel_headers "$1")" --no-print-directory \
		M="$dir" CONFIG_DEBUG_INFO_BTF_MODULES= modules
}

build_kernel_tests() {
	with_build_lock "$(kernel_tests_dir "$1")" make_kernel_tests "$1"
}

make_userland() {
	local dir stage
	dir=$(build_path "$1")
	stage=$(stage_path "$1")
	in_tree "$1" none cmake -S . -B "$dir" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=RelWithDebInfo
	in_tree "$1" none ninja -C "$dir"
	rm -rf "$stage.new"
	in_tree "$1" none env DESTDIR="$stage.new" ninja -C "$dir" install
	keep_stage "$dir/stages" "$stage"
}

# stage_key DIR: of names, modes and content.
stage_key() {
	(cd "$1" && find . -printf '%P %m %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c 1-16
}

# keep_stage DIR LINK: LINK.new becomes one of DIR, unless it is there, and the newest. Who is interrupted while he removes one must leave
# nothing under the name of all of it.
keep_stage() {
	local key old lock
	key=$(stage_key "$2.new")
	mkdir -p "$1"
	rm -rf "$1.gone"
	if [ -e "$1/$key" ]; then rm -rf "$2.new"; else mv -T "$2.new" "$1/$key"; fi
	[ -L "$2" ] || rm -rf "$2"
	ln -sfn "stages/$key" "$2.link"
	mv -T "$2.link" "$2"
	for old in "$1"/*; do
		[ "${old##*/}" != "$key" ] || continue
		exec {lock}<"$old"
		! flock -n "$lock" || { mv -T "$old" "$1.gone" && rm -rf "$1.gone"; }
		exec {lock}<&-
	done
}

# hold_stage DIR: until this process ends. The directory may be gone since its name was read, or be another one.
hold_stage() {
	[ -z "${STAGE_LOCK:-}" ] || exec {STAGE_LOCK}<&-
	STAGE_LOCK=''
	exec {STAGE_LOCK}<"$1" && flock -s "$STAGE_LOCK" && [ "$1" -ef "/proc/$BASHPID/fd/$STAGE_LOCK" ]
}

build_userland() {
	with_build_lock "$(build_path "$1")" make_userland "$1"
}

# want_built WHAT FILE: with --no-build, that it is there.
want_built() {
	[ -e "$2" ] || die "--no-build, and $1 is not built: no $2" "run the same without --no-build once, or lab build"
}

need_module() {
	[ -z "${LAB_NO_BUILD:-}" ] || { want_built "the module for kernel $1" "$(loaded_module_path "$1")" && return; }
	[ -e "$LAB_CHECKOUT/kernel/Kbuild" ] || [ -e "$LAB_CHECKOUT/kernel/Makefile" ] ||
		die "this checkout has no kernel/ directory, so there is no rodp to run" "use --link rxe or --link none"
	step "Building rodp.ko for kernel $1 ($(kernel_version "$1"))" 900 build_module "$1" ||
		die "rodp.ko does not build for kernel $1"
	[ -e "$(loaded_module_path "$1")" ] || die "the build left no $(loaded_module_path "$1")"
	[ ! -e "$LAB_CHECKOUT/tests/kernel/Kbuild" ] ||
		step "Building the tests' modules for kernel $1" 300 build_kernel_tests "$1" ||
		die "the tests' modules do not build for kernel $1"
}

need_userland() {
	[ -z "${LAB_NO_BUILD:-}" ] || { want_built "user space for $1" "$(stage_path "$1")" && return; }
	[ -e "$LAB_CHECKOUT/CMakeLists.txt" ] || { say "no CMakeLists.txt: running without provider" && return 0; }
	step "Building the provider and the tools for $1" 900 build_userland "$1" ||
		die "the user-space part does not build on $1"
}

# need_rodp SUITE KERNEL: module and provider, up to date; the trees are there.
need_rodp() {
	need_tree "$(kernel_suite "$2")"
	need_module "$2"
	need_userland "$1"
}
