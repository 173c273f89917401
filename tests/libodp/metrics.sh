#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What odpctl metrics writes, through the parser of Prometheus' client: of a host that is made up (metrics/sample.c),
# without and with each region by itself; and that the parser is one that refuses.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sample=$LAB_BUILD/tests/libodp/metrics/odpctl_metrics_sample
here=$(dirname "$0")/metrics

python3 -c 'import prometheus_client' 2>"$work/found" || { echo "skipped: python3-prometheus-client is not in this tree" && exit 77; }
"$sample" >"$work/all"
"$here/check.py" --sample "$work/all"
"$sample" regions >"$work/regions"
"$here/check.py" --sample "$work/regions"
grep -q '^odp_region_faults_total' "$work/regions" || { echo "metrics: no region by itself" && exit 1; }
sed '/^# EOF/d' "$work/all" >"$work/cut"
! "$here/check.py" "$work/cut" >"$work/out" 2>&1 || { echo "metrics: the parser takes a text without an end" && exit 1; }
sed 's/^odp_faults_hung{/odp_faults_hang{/' "$work/all" >"$work/wrong"
! "$here/check.py" --sample "$work/wrong" >"$work/out" 2>&1 || { echo "metrics: another name is not noticed" && exit 1; }
