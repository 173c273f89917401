# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""table KERNEL ACCEL RESULTS JSON DATA: turns what traffic.sh printed (RESULTS) into the table on stdout,
build/bench-wall.json and the chart's data: medians over the rounds, with the least and the most."""

import json
import statistics
import sys

WAYS = [("rodp", "pinned"), ("rodp", "odp"), ("rxe", "pinned"), ("rxe", "odp"), ("siw", "pinned"), ("tcp", "copied"),
        ("cma", "copied")]
KINDS = {"stream": "MiB/s", "pingpong": "us"}


def kind_of(test):
    return {"write_bw": "stream", "write_lat": "pingpong"}.get(test, test)


def read_results(path):
    """{(topology, kind, bytes, device, memory): row}, in the order of measurement."""
    rows = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test, size, memory, topology, device, value = line.rstrip("\n").split("\t")
            row = rows.setdefault((topology, kind_of(test), int(size), device, memory), {
                "device": device, "topology": topology, "test": test, "bytes": int(size), "memory": memory,
                "unit": KINDS[kind_of(test)], "median": None, "least": None, "most": None, "rounds": []})
            row["rounds"].append(None if value == "failed" else float(value))
    for row in rows.values():
        good = [value for value in row["rounds"] if value is not None]
        if good:
            row.update(median=statistics.median(good), least=min(good), most=max(good))
    return rows


def lines_of(rows):
    """The lines of the table: (topology, kind, bytes)."""
    return list(dict.fromkeys(key[:3] for key in rows))


def cell(row):
    if row is None or row["median"] is None:
        return "-"
    return f"{row['median']:.1f} ({row['least']:.1f}..{row['most']:.1f})"


def print_table(rows, rounds):
    print(f"By the clock, two CPUs, {rounds} rounds in turn: the median, and the least and the most of them.")
    print("stream: MiB/s; pingpong: us a message")
    names = [f"{device} {memory.replace('odp', 'ODP')}" for device, memory in WAYS]
    print(("{:<22}" + " {:>22}" * len(WAYS)).format("", *names))
    for topology, kind, size in lines_of(rows):
        cells = [cell(rows.get((topology, kind, size, *way))) for way in WAYS]
        print(("{:<5}{:<10}{:>7}" + " {:>22}" * len(WAYS)).format(topology, kind, size, *cells))


def write_data(path, rows):
    """A block for each kind that was measured: its unit, then `LABEL MEDIAN LEAST MOST...`."""
    with open(path, "w", encoding="utf-8") as out:
        for number, kind in enumerate(dict.fromkeys(line[1] for line in lines_of(rows))):
            print("\n\n" * (number > 0) + f"\"{KINDS[kind]}\" 0", file=out)
            for line in lines_of(rows):
                if line[1] != kind:
                    continue
                found = [rows.get((*line, *way)) or {} for way in WAYS]
                values = [row.get(key) or 0 for row in found for key in ("median", "least", "most")]
                print(f"\"{line[0]}\\n{line[2] // 1024} KiB\"", *values, file=out)


def main():
    kernel, accel, results, json_path, data_path = sys.argv[1:]
    rows = read_results(results)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"kernel": kernel, "accel": accel, "rows": list(rows.values())}, out, indent=1)
        out.write("\n")
    write_data(data_path, rows)
    print_table(rows, max((len(row["rounds"]) for row in rows.values()), default=0))


main()
