# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""table KERNEL ACCEL RESULTS JSON DATA: turns what traffic.sh printed into the
table on stdout, build/demo.json and the chart's data file. Values are MiB/s,
medians over the rounds."""

import json
import statistics
import sys

TESTS = ["write_bw", "read_bw", "send_bw", "pingpong"]
NAMES = {"write_bw": "ib_write_bw", "read_bw": "ib_read_bw", "send_bw": "ib_send_bw", "pingpong": "ibv_rc_pingpong"}
DEVICES = ["rodp", "rxe"]
MEMORIES = ["pinned", "odp"]


def read(path):
    """The rows of one file of results: ({(device, memory, test): row}, verified)."""
    rows, verified = {}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            device, memory, test, size, value = line.rstrip("\n").split("\t")
            if test == "verify":
                verified.append({"device": device, "topology": "veth", "memory": memory, "ok": value == "ok"})
                continue
            row = rows.setdefault((device, memory, test), {
                "device": device, "topology": "veth", "test": test, "bytes": int(size), "memory": memory,
                "mib_per_s": None, "rounds": []})
            row["rounds"].append(None if value == "failed" else float(value))
    for row in rows.values():
        good = [value for value in row["rounds"] if value is not None]
        row["mib_per_s"] = statistics.median(good) if good else None
    return rows, verified


def ratio(above, below):
    return "-" if not above or not below else f"{above / below:.2f}"


def number(value):
    return "-" if value is None else f"{value:.1f}"


def table(rows, verified):
    def value(device, memory, test):
        return rows.get((device, memory, test), {}).get("mib_per_s")

    columns = "{:<16}" + "{:>9}" * 6 + "   " + "{:>9}" * 2
    print("MiB/s, 64 KiB messages, two hosts joined by veth, path MTU 4096")
    print(columns.format("", "rodp", "rodp", "rodp", "rxe", "rxe", "rxe", "rodp/rxe", "rodp/rxe"))
    print(columns.format("", *["pinned", "ODP", "ODP/pin"] * 2, "pinned", "ODP"))
    for test in TESTS:
        values = {(d, m): value(d, m, test) for d in DEVICES for m in MEMORIES}
        cells = []
        for device in DEVICES:
            pinned, odp = values[device, "pinned"], values[device, "odp"]
            cells += [number(pinned), number(odp), ratio(odp, pinned)]
        cells += [ratio(values["rodp", m], values["rxe", m]) for m in MEMORIES]
        print(columns.format(NAMES[test], *cells))
    words = {(v["device"], v["memory"]): "yes" if v["ok"] else "NO" for v in verified}
    cells = [[words.get((d, m), "-") for m in MEMORIES] + [""] for d in DEVICES]
    print(columns.format("data verified", *cells[0], *cells[1], "", "").rstrip())


def main():
    kernel, accel, results, json_path, data_path = sys.argv[1:]
    rows, verified = read(results)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"kernel": kernel, "accel": accel, "rows": list(rows.values()), "verified": verified}, out, indent=1)
        out.write("\n")
    with open(data_path, "w", encoding="utf-8") as out:
        for test in TESTS:
            values = [rows.get((d, m, test), {}).get("mib_per_s") or 0 for d in DEVICES for m in MEMORIES]
            print(NAMES[test], *values, file=out)
    table(rows, verified)


main()
