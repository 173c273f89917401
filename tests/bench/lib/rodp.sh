# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# rodp: what the bench needs of this checkout's driver and provider, as the lab builds and stages them.

bench_rodp_module() { loaded_module_path "$BENCH_KERNEL"; }

# bench_rodp_provider ROOT: the provider and its libibverbs entry, where the stage has them.
bench_rodp_provider() {
	local stage file
	stage=$(stage_path "$(bench_suite)")
	(cd "$stage" && find . -name '*rodp*.so' -o -name 'rodp.driver') | while read -r file; do
		install -D "$stage/$file" "$1/$file"
	done
}

# Takes rodp out of the devices, and says so, when this checkout has none; with nothing else to measure that is an error.
bench_need_rodp() {
	[[ " $BENCH_DEVICES " == *" rodp "* ]] || return 0
	if [ -d "$LAB_CHECKOUT/kernel" ]; then
		need_rodp "$(bench_suite)" "$BENCH_KERNEL"
		return
	fi
	[ "$BENCH_DEVICES" != rodp ] || die "this checkout has no kernel/ directory, so there is no rodp to measure"
	say "this checkout has no kernel/ directory: there is NO rodp to measure"
	BENCH_DEVICES=$(bench_without rodp)
}
