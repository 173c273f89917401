#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# check: run.sh judges cells that are made up, on networks that are made up: what fails, hangs, is skipped or was not
# noticed; what is shown only; and the table of two devices.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/counters"

# Tools that do nothing, but tell what `introduce` asks.
for tool in tc ip nsenter; do
	cat >"$dir/bin/$tool" <<-'EOT'
		#!/bin/sh
		case "$*" in
		*"-o link show"*) echo "2: veth: link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff" ;;
		esac
	EOT
done

# A program whose cells turn out as their names want it; it counts what the row is about, unless it is told not to.
cat >"$dir/program" <<'EOT'
#!/bin/bash
case $1 in
list) printf '%s\n' rc-good rc-bad xrc-absent && exit ;;
rc-bad) echo "FAILED in case \"bad\": byte 7 is another's" && exit 1 ;;
xrc-absent) echo "skipped: no XRC domains" && exit 77 ;;
esac
for word; do case $word in --ready=*) touch "${word#*=}" ;; esac; done
for name in $COUNT; do echo $(($(cat "$COUNTERS/$name" 2>/dev/null || echo 0) + 1)) >"$COUNTERS/$name"; done
sleep "${SLOW:-0}"
echo "200 messages, 0 lost, 0 twice"
EOT
chmod +x "$dir"/bin/* "$dir/program"

export RDMA_TOPO=veth RDMA_DEV=rodp0 RDMA_PEER_DEV=rodp1 RDMA_NETDEV=lo RDMA_PEER_NETDEV=lo RDMA_PEER_NETNS=hostB \
	RDMA_ADDR=10.77.0.1 RDMA_PEER_ADDR=10.77.0.2 RDMA_ADDR6=fd77::1 RDMA_PEER_ADDR6=fd77::2 LAB_CHECKOUT=$dir LAB_KERNEL=7
export COUNTERS=$dir/counters COUNT='' SLOW=0

# run STATUS OPTION...: run.sh on the program, which must end so; its words are in $dir/out.
run() {
	local wanted=$1 status=0
	shift
	PATH=$dir/bin:$PATH LOSS_COUNTERS=$COUNTERS "$here/run.sh" "$dir/program" "$@" >"$dir/out" 2>&1 || status=$?
	[ "$status" -eq "$wanted" ] || { cat "$dir/out" && echo "check: '$*' ended with $status, not $wanted" && exit 1; }
}

# has LINE-BEGINNING
has() {
	grep -qE -- "^$1" "$dir/out" || { cat "$dir/out" && echo "check: no line '$1'" && exit 1; }
}

COUNT="retransmits out_of_seq_request" run 1 --row=loss-1%
has 'cell loss-1% rc-good pinned ok [0-9.]+ 200 messages'
has 'cell loss-1% rc-bad odp FAIL [0-9.]+ FAILED in case "bad"'
has 'cell loss-1% xrc-absent odp skip [0-9.]+ no XRC domains'
has '2 cells ok, 2 failed, 2 skipped'
has 'loss-1% +\+\. \+\. X\. X\. -\. -\.'
COUNT=retransmits run 1 --row=loss-1%
has 'cell loss-1% noticed - FAIL 0.0 no device counted out_of_seq_request'
COUNT="retransmits out_of_seq_request" LOSS_CELL_LIMIT=1 SLOW=5 run 1 --row=loss-1%
has 'cell loss-1% rc-good odp FAIL [0-9.]+ ran into its limit of 1 s'
RDMA_DEV=rxe0 RDMA_PEER_DEV=rxe1 run 0 --row=loss-1% --show
has 'loss-1% +X\+ X\+ XX XX -- --'
run 1 --row=no-such-row
has 'run.sh: there is no row no-such-row'
grep -q 'rodp loss-1% (rc-bad, pinned): FAILED in case' "$dir/build/loss.md"
grep -q '<td class=FAIL>X<td class=ok>+' "$dir/build/loss.html"
echo "cells are judged by what they do"
