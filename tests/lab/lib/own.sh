# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# own: a kernel of the user's: the directory in which he built one, or the packages that he has of one (the image's and
# modules', and for rodp the headers', as `make bindeb-pkg` and distributions make them). Kept like other kernels, and made anew when
# they changed. One an invocation: LAB_OWN_KERNEL is its path, or packages with commas between them.

# own_kernel WORD: takes a path from the command line.
own_kernel() {
	local file files=()
	if [ -d "$1" ]; then
		LAB_OWN_KERNEL=$(readlink -f "$1")
		for file in include/config/kernel.release "$(own_image)"; do
			[ -s "$LAB_OWN_KERNEL/$file" ] || die "--kernel $1: no kernel was built there" "run make in it: $file must be there"
		done
	else
		for file in ${1//,/ }; do
			[[ $file == *.deb && -f $file ]] || die "--kernel $1: '$file' is neither a directory nor a .deb"
			files+=("$(readlink -f "$file")")
		done
		LAB_OWN_KERNEL=$(IFS=, && echo "${files[*]}")
	fi
	export LAB_OWN_KERNEL
}

own_image() { echo arch/x86/boot/bzImage; }

# own_state: what changes when the kernel does.
own_state() {
	if [ -d "$LAB_OWN_KERNEL" ]; then
		stat -c '%n %s %Y' "$LAB_OWN_KERNEL"/{include/config/kernel.release,modules.order,"$(own_image)"} 2>&1
	else
		tr , '\n' <<<"$LAB_OWN_KERNEL" | xargs -d '\n' stat -c '%n %s %Y'
	fi
}

own_path() {
	[ -n "${LAB_OWN_KERNEL:-}" ] || die "no kernel of your own was named" "give its path to --kernel"
	cache_path kernels own "$(own_state)" "$(boot_modules)" 1
}

# own_source: the directory with the sources, if the kernel was built in another one.
own_source() {
	if [ -e "$LAB_OWN_KERNEL/source" ]; then readlink -f "$LAB_OWN_KERNEL/source"; fi
}

# own_mounts: what builds of modules must see, colons between.
own_mounts() {
	[ -d "${LAB_OWN_KERNEL:-}" ] || return 0
	printf '%s:%s' "$LAB_OWN_KERNEL" "$(own_source)"
}

# unpack_own_tree DIR: what its modules_install installs, its image, and no headers: they stay where they are.
unpack_own_tree() {
	mkdir -p "$1/root/usr/src" "$1/root/boot"
	make -C "$LAB_OWN_KERNEL" -s INSTALL_MOD_PATH="$1/root/usr" INSTALL_MOD_STRIP=1 DEPMOD=true modules_install
	cp "$LAB_OWN_KERNEL/$(own_image)" "$1/root/boot/vmlinuz"
	rm -f "$1"/root/usr/lib/modules/*/{build,source}
}

# unpack_own NEW-DIR
unpack_own() {
	local deb
	if [ -d "$LAB_OWN_KERNEL" ]; then
		unpack_own_tree "$1"
	else
		mkdir -p "$1/root/usr/src"
		tr , '\n' <<<"$LAB_OWN_KERNEL" | while read -r deb; do dpkg-deb -x "$deb" "$1/root"; done
	fi
}

# need_own: those that nobody used for a week go.
need_own() {
	local path
	path=$(own_path)
	[ ! -d "$LAB_OWN_KERNEL" ] || need_host make:make
	[ -e "$path" ] || step "Taking over your kernel" 1200 make_cached_kernel own ||
		die "could not take over the kernel in $LAB_OWN_KERNEL" "look at the lines above"
	touch "$path"
	find "$(cache_dir)/kernels" -maxdepth 1 -name 'own-*' -mtime +7 -exec rm -rf --one-file-system {} +
}
