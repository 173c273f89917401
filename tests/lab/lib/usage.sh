# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# usage: what `lab --help` prints.

usage() {
	cat <<'EOT'
lab: rodp, rxe or any RDMA program in a virtual machine, on a Debian 12 or 13 machine

  lab demo                          perftest over rodp and rxe, pinned and ODP, timed and in instructions a
                                    byte: a table and a chart
  lab test [OPTION...]              the tests that CI runs, with --full all of them; the last line is
                                    "N passed, N failed, N skipped"
  lab bench [OPTION...]             instructions per message, counted without noise
  lab figures [OPTION...]           the cost of on-demand paging, measured: a table and a chart
  lab soak MINUTES [OPTION...]      everything mixed for so long: messages, faults, kills, flaps, reclaim
  lab run [GUEST-OPTION...] -- COMMAND...
                                    runs COMMAND in a guest with the link up
  lab shell [GUEST-OPTION...]       an interactive guest
  lab build [GUEST-OPTION...]       builds what such a guest would run
  lab in-tree [GUEST-OPTION...] -- COMMAND...
                                    runs COMMAND natively, in the tree that builds are made in
  lab update [--list]               makes cached kernels and trees again that are no longer the newest
  lab package [--suite SUITE]       Debian packages for Debian 12 and 13: build/packages/SUITE/
  lab clean                         removes all cached trees and kernels

Guest options (defaults in brackets):
  --kernel 6.1|6.12|7|debug|kcsan|rt
                                    Debian 12's, Debian 13's or Debian 13 backports' kernel; that last one
                                    with KASAN, lockdep and UBSAN, or with KCSAN and kmemleak (both built here,
                                    once), or with PREEMPT_RT, as Debian builds it [7]
  --kernel RELEASE[+cloud|+rt]      the newest of bookworm, bookworm-security, bookworm-backports, trixie,
                                    trixie-security, trixie-backports, forky, sid or experimental; +cloud is what
                                    Debian's images for clouds have
  --kernel DIR|DEB[,DEB...]         your own: the directory where you built it (for amd64, with virtio, 9p, ext4
                                    and overlayfs), or its packages; for rodp also those of its headers
  --suite bookworm|trixie|sid       user space [the kernel's own]
  --tree consumers                  user space with more packages: the programs of docs/consumers.md
  --installed yes|no                a clean Debian with rodp's packages installed, and no link yet [no]
  --link none|rxe|rodp|rodp:rxe|rxe:rodp|rodp+rxe
                                    device type; TYPE:PEER-TYPE is a mixed link on veth; rodp+rxe is two
                                    links on veth, of rodp in hostA and hostB, of rxe in hostC and hostD;
                                    /run/lab/link-rodp.env and link-rxe.env have their variables [none]
  --topo one|veth                   one device that talks to itself, or two network namespaces,
                                    hostA and hostB, joined by veth; COMMAND runs in hostA [one]
  --share DIR                       shared read-write under the same path, may be repeated; the
                                    checkout always is
  --cpus N  --mem MIB               of the guest [2, 2048]
  --numa N                          NUMA nodes, among which CPUs and memory are shared out [1]
  --pmem MIB                        of the memory are persistent: /dev/pmem0 [0]
  --huge N                          huge pages of 2 MiB are set aside at boot [0]
  --limit SECONDS                   ends the guest after this time [1800]
  --append WORDS                    more words for the guest's kernel command line
  --env NAME=VALUE                  for COMMAND, may be repeated
  --console FILE                    keeps the guest's kernel log
  --mirror URL                      a Debian mirror [the one in this host's apt configuration]

What COMMAND finds in its environment:
  RDMA_DEV RDMA_GID_INDEX           the device and the index of its RoCE v2 IPv4 GID
  RDMA_ADDR RDMA_ADDR6 RDMA_NETDEV  its addresses and its netdev
  RDMA_PEER_*                       the same of the other side (the same device with --topo one)
  RDMA_PEER_NETNS                   for: ip netns exec $RDMA_PEER_NETNS COMMAND...
  RDMA_LINK RDMA_TOPO               as given
  LAB_SCRATCH                       an empty disk of 2 GiB
  LAB_KERNEL LAB_SUITE LAB_BUILD LAB_CHECKOUT

lab run:
  --junit FILE                      the result, in the form that CI systems read
  --artifacts DIR                   shared with the guest, where LAB_ARTIFACTS is its path; gets console.log,
                                    result.json (with exact versions) and junit.xml
  --no-build                        uses the last build of rodp; an error if there is none

lab passes on COMMAND's output as it is printed, and its exit status. 77 means that the kernel does not
support such a link, 124 that the guest ran into its limit, 125 that it died.

lab demo:
  --rounds N                        runs every test N times, devices and memories in turn; the table has
                                    the median, the least and the most [3]
  --device rodp|rxe                 only this one

lab soak MINUTES:
  --seed N                          of the order of events; it is printed [another one each time]
  GUEST-OPTIONs                     such as --kernel; --cpus [4], --mem [3072]

lab test:
  -k PATTERN                        only tests whose name matches the extended regular expression
  --kernel K                        only tests on this kernel; those of kernel 7 on any other than 6.1 and 6.12
  --junit FILE  --no-build          as for lab run
  --artifacts DIR                   gets what is otherwise in build/: test/ with each test's output, test.json
  --full                            the long tests too; without it: the tests that CI runs
  --list                            prints the tests instead of running them

The cache is ${XDG_CACHE_HOME:-~/.cache}/rodp: trees, kernels, whether KVM works. lab needs root only to
install missing packages. LAB_ACCEL=kvm|tcg selects the accelerator that is otherwise probed.
EOT
}
