# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# package: the project's Debian packages (see debian/), built and looked at by lintian in a tree of the
# release that they are for, and a clean Debian of that release with them installed. Owns
#   build/packages/SUITE/             the packages, their .changes, build.log, lintian.txt
#   build/packages/over-KERNEL/       what their installation changed in a clean tree, with the module built
#                                     by DKMS for KERNEL: a guest's stage

PACKAGE_SUITES="trixie bookworm"

packages_path() { echo "$LAB_CHECKOUT/build/packages/$1"; }
over_path() { echo "$LAB_CHECKOUT/build/packages/over-$1"; }

# What programs and module are made of, and what else is in the packages.
package_code() { echo CMakeLists.txt cmake debian kernel libodp providers service; }
package_words() { echo LICENSES README.md docs; }

# copy_sources NAME...: of the checkout, without what was made there, as a tar archive: the same bytes for the same sources,
# all as old as the changelog.
copy_sources() {
	local date name names=()
	date=$(sed -n 's/^ -- .*>  //p' "$LAB_CHECKOUT/debian/changelog" | sed -n 1p)
	for name; do [ ! -e "$LAB_CHECKOUT/$name" ] || names+=("$name"); done
	tar -c -C "$LAB_CHECKOUT" --exclude-vcs-ignores --exclude=.gitignore --sort=name --mtime="$date" --owner=0 --group=0 --numeric-owner "${names[@]}"
}

# sources_key NAME...: names their content.
sources_key() {
	copy_sources "$@" | sha256sum | cut -c 1-16
}

# release_word SUITE: what tells the packages of the releases apart, so that an upgrade of Debian brings its own.
release_word() {
	case $1 in
	bookworm) echo +deb12 ;;
	trixie) echo +deb13 ;;
	*) echo "+$1" ;;
	esac
}

# build_packages SUITE SUFFIX OUT: into the directory OUT, which is made.
build_packages() {
	local suite=$1 suffix=$2 out=$3
	rm -rf "$out.new"
	mkdir -p "$out.new/rodp"
	# shellcheck disable=SC2046 # names
	copy_sources $(package_code) $(package_words) | tar -x -C "$out.new/rodp"
	sed -i "1s/(\([^)]*\))/(\1$(release_word "$suite")$suffix)/" "$out.new/rodp/debian/changelog"
	in_variety "$suite" packaging none env -C "$out.new/rodp" DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" \
		dpkg-buildpackage -us -uc 2>&1 | tee "$out.new/build.log"
	rm -rf "$out.new/rodp"
	in_variety "$suite" packaging none env -C "$out.new" sh -c 'lintian --allow-root --fail-on error --info *.changes >lintian.txt 2>&1' ||
		{ cat "$out.new/lintian.txt" && die "lintian finds errors in the packages for $suite"; }
	pack_providers "$out.new"
	grep -E '^[EWI]:' "$out.new/lintian.txt" || echo "lintian: nothing to say"
	rm -rf "$out"
	mv "$out.new" "$out"
}

# pack_providers DIR: those for other libraries as an archive too, for hosts that are no Debian.
pack_providers() {
	local deb root
	deb=$(compgen -G "$1/rodp-providers_*.deb") || return 0
	root=$(mktemp -d "$LAB_TMP/providers.XXXXXX")
	dpkg-deb -x "$deb" "$root"
	tar -c -J -f "${deb%.deb}.tar.xz" -C "$(dirname "$(find "$root" -type d -name providers)")" --owner=0 --group=0 providers
	rm -rf "$root"
}

# make_packages SUITE KEY: unless those that are there are of the same sources.
make_packages() {
	local out
	out=$(packages_path "$1")
	[ "$(cat "$out/key" 2>/dev/null)" != "$2" ] || return 0
	build_packages "$1" '' "$out"
	echo "$2" >"$out/key"
}

make_packages_locked() {
	with_build_lock "$LAB_CHECKOUT/build/packages/lock-$1" make_packages "$@"
}

need_packages() {
	need_tree "$1" packaging
	# shellcheck disable=SC2046 # names
	step "Building the packages for $1" 900 make_packages_locked "$1" "$(sources_key $(package_code) $(package_words))" ||
		 die "the packages for $1 do not build"
}

# make_over KERNEL KEY: the user's part, as docs/tutorial.md has it; then what no guest can copy goes: marks of deleted
# files. Words do not make it anew, since compiling the module takes minutes.
make_over() {
	local kernel=$1 over suite
	over=$(over_path "$kernel")
	suite=$(kernel_suite "$kernel")
	rm -rf "$over" "$over.work" "$over.key"
	in_changed_tree "$over" "$suite" clean "$kernel" tests/packages/install.sh "$(kernel_version "$kernel")"
	find "$over" -type c -delete
	(cd "$over" && rmdir -p --ignore-fail-on-non-empty "${LAB_CHECKOUT#/}")
	rm -rf "$over.work"
	echo "$2" >"$over.key"
}

make_over_locked() {
	with_build_lock "$LAB_CHECKOUT/build/packages/lock-over-$1" make_over "$@"
}

# need_installed KERNEL: a clean tree with the packages installed, DKMS' module for KERNEL among them.
need_installed() {
	local suite key
	suite=$(kernel_suite "$1")
	# shellcheck disable=SC2046 # names
	key=$(sources_key $(package_code))
	need_tree "$suite" clean
	[ "$(cat "$(over_path "$1").key" 2>/dev/null)" != "$key" ] || return 0
	need_packages "$suite"
	step "Installing the packages in a clean $suite with kernel $1" 1800 make_over_locked "$1" "$key" ||
		die "the packages cannot be installed in a clean $suite with kernel $1"
}

# cmd_package [--suite SUITE] [--mirror URL]
cmd_package() {
	local suites=$PACKAGE_SUITES suite
	while [ $# -gt 0 ]; do
		case $1 in
		--suite) need_value "$@" && check_word --suite "$2" bookworm trixie sid && suites=$2 ;;
		--mirror) need_value "$@" && export LAB_MIRROR=$2 ;;
		*) die "lab package: unknown option '$1'" "see lab --help" ;;
		esac
		shift 2
	done
	need_host
	for suite in $suites; do
		need_packages "$suite"
		ls "$(packages_path "$suite")"/*.deb
	done
}
