# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# rodp: what the bench needs of this checkout's driver and provider, as the lab builds and stages them.

bench_rodp_module() { :; }

bench_rodp_provider() { :; }
