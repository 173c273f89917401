# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# list: the tests that there are. Every room may have a tests/ROOM/tests.list, and every folder of
# it one of its own, with one test a line, blanks between the columns, # for comments:
#
#   name     ROOM/BEHAVIOUR or ROOM/FOLDER/BEHAVIOUR
#   depth    host    on the host, as it is (for tests of the lab itself)
#            native  on the host's kernel, inside the tree that builds are made in
#            guest   in a guest, with a link of its own
#   link     as --link of lab run; - unless depth is guest
#   topo     as --topo; - unless depth is guest
#   kernels  a comma-separated list of 6.1, 6.12 and 7, with another suite's user
#            space as in 7@sid; `all` is 6.1,6.12,7; - for host; for native it
#            decides the tree
#   guest    - or a comma-separated list of mem=MIB, cpus=N, numa=N, pmem=MIB, huge=N,
#            tree=VARIETY, installed=yes, append=WORD, which mean what lab run's options mean; of these, native
#            knows tree=VARIETY
#   set      quick   always, also in CI
#            full    only with --full
#            quick:K quick on the kernels of the list K, full on its others
#            debug   quick with --kernel debug or kcsan, which check more and can inject faults; else never
#   limit    seconds
#   command  the rest of the line, a shell command, run in the checkout's root
#
# A test passes with status 0 and is skipped with 77, when the last line that it
# printed says why. One line with N kernels is N tests.

# Parallel arrays, one element a test.
T_NAME=() T_DEPTH=() T_LINK=() T_TOPO=() T_KERNEL=() T_SUITE=() T_GUEST=() T_SET=() T_LIMIT=() T_COMMAND=()

test_lists() {
	if [ -n "${LAB_LISTS:-}" ]; then
		echo "$LAB_LISTS"
	else
		printf '%s\n' "$LAB_CHECKOUT"/tests/*/tests.list "$LAB_CHECKOUT"/tests/*/*/tests.list
	fi
}

# add_test NAME DEPTH LINK TOPO KERNEL GUEST SET LIMIT COMMAND, KERNEL[@SUITE]
add_test() {
	local kernel=${5%@*} suite=${5#*@}
	[ "$kernel" = - ] && kernel=7
	[ "$suite" = "$5" ] && suite=$(kernel_suite "$kernel")
	T_NAME+=("$1") T_DEPTH+=("$2") T_LINK+=("$3") T_TOPO+=("$4") T_KERNEL+=("$kernel") T_SUITE+=("$suite")
	T_GUEST+=("$6") T_SET+=("$7") T_LIMIT+=("$8") T_COMMAND+=("$9")
}

check_test() {
	local where=$1
	shift
	[ $# -eq 9 ] && [ -n "$9" ] || die "$where: a test has 9 columns" "see lib/list.sh"
	[[ $2 =~ ^(host|native|guest)$ ]] || die "$where: depth '$2'"
	[[ $7 =~ ^(full|debug|quick(:(6\.1|6\.12|7)(,(6\.1|6\.12|7))*)?)$ ]] || die "$where: set '$7'"
	[[ $8 =~ ^[0-9]+$ ]] || die "$where: limit '$8'"
	[[ $5 =~ ^(-|all|(6\.1|6\.12|7)(@[a-z]+)?(,(6\.1|6\.12|7)(@[a-z]+)?)*)$ ]] || die "$where: kernels '$5'"
	[ "$2" != guest ] || [[ $3/$4 =~ ^(none|rxe|rodp|rodp:rxe|rxe:rodp|rodp\+rxe)/(one|veth)$ ]] || die "$where: link '$3' '$4'"
}

# set_on SET KERNEL[@SUITE]: what SET is on that kernel.
set_on() {
	local list=,${1#quick:},
	if [[ $1 != quick:* || $list == *,${2%@*},* ]]; then echo "${1%%:*}"; else echo full; fi
}

load_list() {
	local file=$1 line=0 name depth link topo kernels guest set limit command kernel
	while read -r name depth link topo kernels guest set limit command; do
		line=$((line + 1))
		[[ $name && $name != \#* ]] || continue
		check_test "$file:$line" "$name" "$depth" "$link" "$topo" "$kernels" "$guest" "$set" "$limit" "$command"
		[ "$kernels" != all ] || kernels=7,6.12,6.1
		for kernel in ${kernels//,/ }; do
			add_test "$name" "$depth" "$link" "$topo" "$kernel" "$guest" "$(set_on "$set" "$kernel")" "$limit" "$command"
		done
	done <"$file"
}

load_tests() {
	local file
	while read -r file; do
		[ ! -e "$file" ] || load_list "$file"
	done < <(test_lists)
}

# select_tests PATTERN KERNEL SET: the ids of the tests to run, one a line.
select_tests() {
	local id
	for id in "${!T_NAME[@]}"; do
		[[ ${T_NAME[id]} =~ $1 ]] || continue
		[ -z "$2" ] || [ "${T_KERNEL[id]}" = "$2" ] || continue
		if [ "${T_SET[id]}" = debug ]; then
			is_debug_kernel "${T_KERNEL[id]}" || continue
		fi
		[ "$3" = full ] || [ "${T_SET[id]}" != full ] || continue
		echo "$id"
	done
}

# What one boot has in common.
test_group() {
	echo "${T_KERNEL[$1]} ${T_SUITE[$1]} ${T_LINK[$1]} ${T_TOPO[$1]} ${T_GUEST[$1]}"
}

# Where a test runs, for people.
test_place() {
	local id=$1 place=${T_KERNEL[$1]}
	[ "${T_SUITE[id]}" = "$(kernel_suite "${T_KERNEL[id]}")" ] || place+=@${T_SUITE[id]}
	case ${T_DEPTH[id]} in
	guest) echo "$place ${T_LINK[id]}/${T_TOPO[id]}" ;;
	native) echo "native ${T_SUITE[id]}" ;;
	*) echo host ;;
	esac
}
