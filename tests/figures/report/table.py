# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""table KERNEL ACCEL RESULTS JSON DATA: turns what guest/run.sh printed into the table on
stdout, build/figures.json and the chart's data, DATA-touch, DATA-munmap and DATA-evict."""

import json
import sys

DEVICES = ["rodp", "rxe"]
TITLES = {
    "first_touch": "A WRITE of 1 MiB, by the state of its target",
    "slow_fault": "A fault that a userfaultfd handler answers after 2 s",
    "munmap_latency": "munmap() of 64 KiB, while a peer writes into the same region",
    "evictions": "A memcg at its limit: pages evicted from a hot and from a cold region",
    "huge_span": "1 TiB explicit and everything implicit, 10,000 random pages of each written",
    "many_regions": "100,000 regions over one buffer of 1 GiB",
    "oom_reaper": "A memcg out of memory with a hot region",
}


def read(path):
    """{program: {key: {"unit": unit, device: value}}}, {program: {device: word}}, in their order."""
    figures, results = {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            device, program, key, unit, value = line.rstrip("\n").split("\t")
            if key == "result":
                results.setdefault(program, {})[device] = value
                continue
            row = figures.setdefault(program, {}).setdefault(key, {"unit": unit})
            row[device] = float(value)
    return figures, results


def number(value):
    if value is None:
        return "-"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def print_program(program, figures, results):
    words = ", ".join(f"{device}: {results[device]}" for device in DEVICES if device in results)
    print(f"{TITLES.get(program, program)} ({program}; {words})")
    for key, row in figures.items():
        cells = [number(row.get(device)) for device in DEVICES]
        print(f"  {key:<44}{cells[0]:>12}{cells[1]:>12}  {row['unit']}")
    print()


def write_data(path, figures, rows):
    """A line "LABEL RODP RXE" for each (program, key, label)."""
    with open(path, "w", encoding="utf-8") as out:
        for program, key, label in rows:
            row = figures.get(program, {}).get(key, {})
            print(f'"{label}"', *[row.get(device, 0) for device in DEVICES], file=out)


def main():
    kernel, accel, results_path, json_path, data = sys.argv[1:]
    figures, results = read(results_path)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"kernel": kernel, "accel": accel, "results": results, "figures": figures}, out, indent=1)
        out.write("\n")
    write_data(data + "-touch", figures, [("first_touch", f"{state}: median", state)
                                          for state in ("pinned", "warm", "prefetched", "cold", "polled", "cpu")])
    write_data(data + "-munmap", figures, [("munmap_latency", f"munmap, {what}: {p}", f"{what}, {p}")
                                           for what in ("idle", "under traffic") for p in ("p50", "p99")])
    write_data(data + "-evict", figures, [("evictions", f"{who}: share of the hot", who) for who in ("CPU", "device")])
    print(f"kernel {kernel}, {accel}\n")
    print(f"  {'':<44}{DEVICES[0]:>12}{DEVICES[1]:>12}")
    for program, words in results.items():
        print_program(program, figures.get(program, {}), words)


main()
