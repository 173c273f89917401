#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""check.py [--sample] FILE: FILE through the parser of OpenMetrics of Prometheus' own client; with --sample, that it
says what sample.c put in. Then the names in the board for Grafana are names of it."""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def read(path):
    with open(path, encoding="utf-8") as file:
        families = list(text_string_to_metric_families(file.read()))
    samples = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in samples:
                sys.exit(f"twice: {key}")
            samples[key] = sample.value
    return families, samples


def expect(samples, value, name, **labels):
    key = (name, tuple(sorted(labels.items())))
    if samples.get(key) != value:
        sys.exit(f"{name} {labels} is {samples.get(key)}, not {value}")


def check_sample(samples):
    mine = {"device": "rodp0", "pid": "4000000000", "program": "?"}
    expect(samples, 1, "odp_device_info", device="rodp0", explicit="1", implicit="1", prefetch="0", observes="0")
    expect(samples, 1, "odp_faults_hung", device="rodp0")
    expect(samples, 12, "rdma_port_counter_total", device="rodp0", port="1", counter="odp_faults")
    expect(samples, 7, "rdma_port_counter_total", device="mlx5\\_0", port="1", counter='rx_"odd"')
    expect(samples, 8, "odp_wait_seconds_bucket", device="rodp0", le="+Inf")
    expect(samples, 1.5, "odp_wait_seconds_sum", device="rodp0")
    expect(samples, 2, "odp_regions", kind="explicit", **mine)
    expect(samples, 12288, "odp_region_bytes", kind="explicit", **mine)
    expect(samples, 1 << 20, "odp_region_bytes", kind="pinned", **mine)
    expect(samples, 27 * 4096, "odp_region_resident_bytes", kind="explicit", **mine)
    expect(samples, 0, "odp_region_bytes", kind="implicit", **{**mine, "device": "mlx5\\_0"})
    expect(samples, 1, "odp_regions", kind="pinned", device="rodp0", pid="0", program='a "kernel\\user"\n')
    if ("odp_region_faults_total", tuple(sorted({**mine, "kind": "explicit", "mrn": "2"}.items()))) in samples:
        expect(samples, 20, "odp_region_faults_total", kind="explicit", mrn="2", **mine)
    # 2^4 ns is the bound of bucket 3; buckets add up.
    expect(samples, 2, "odp_wait_seconds_bucket", device="rodp0", le="1.6e-08")
    bounds = sorted((float(dict(labels)["le"]), value) for (name, labels), value in samples.items()
                    if name == "odp_wait_seconds_bucket")
    if len(bounds) != 40 or [v for _, v in bounds] != sorted(v for _, v in bounds):
        sys.exit(f"buckets: {bounds}")


def check_board(families):
    with open("docs/examples/grafana.json", encoding="utf-8") as file:
        board = json.load(file)
    names = {sample.name for family in families for sample in family.samples}
    asked = set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"\b(?:odp|rdma)_[a-z_]+", re.sub(r'"[^"]*"', "", target["expr"])))
    if len(asked) < 5 or not asked <= names:
        sys.exit(f"the board asks for {asked - names}, which is not there")


def main():
    families, samples = read(sys.argv[-1])
    if len(families) < 8:
        sys.exit(f"only {len(families)} families")
    if "--sample" in sys.argv:
        check_sample(samples)
        check_board(families)
    print(f"metrics: {len(families)} families, {len(samples)} samples")


main()
