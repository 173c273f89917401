#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# layouts: our declarations of libibverbs' private interface agree with what is known of each release of rdma-core, also where the
# installed headers are of another release; and a fact that is changed is noticed: a place, a type, an operation that we do not have.
set -euo pipefail

layout=providers/rodp/layout
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "layouts: $*"
	exit 1
}

"$layout/compare.sh" | tee "$dir/out"
[ "$(grep -c 'facts agree$' "$dir/out")" -eq "$(grep -c '^[0-9]' "$layout/releases.list")" ] || fail "not every layout was compared"

# Its releases follow each other, so that nobody's is left out.
awk '/^[0-9]/ { if (last && $1 != last + 1) exit 1; last = $2 }' "$layout/releases.list" || fail "releases.list has a gap"

# notices WHAT SED-SCRIPT: facts of release 65 that are changed by it are found to differ.
notices() {
	sed -E "$2" "$layout/facts.list" >"$dir/facts"
	! cmp -s "$dir/facts" "$layout/facts.list" || fail "$1: nothing was changed"
	! RODP_FACTS=$dir/facts "$layout/compare.sh" 65 >"$dir/out" || fail "$1: not noticed"
}
notices "a member elsewhere" 's/(field verbs_srq.srq_num) [0-9]+/\1 8/'
notices "a longer CQ, behind which a provider has what is its own" 's/(size verbs_cq) [0-9]+/\1 296/'
notices "an argument more" 's/(call ibv_cmd_dealloc_pd int \(struct ibv_pd \*)\)/\1, int)/'
notices "an operation that we do not have" 's/^(.* )(field verbs_context_ops.)(advise_mr)( .*)/&\n\1\2new_op\4/'
echo "what was changed is noticed"
