# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""table KERNEL ACCEL RESULTS JSON DATA INSTRUCTIONS: turns what traffic.sh printed (RESULTS) and
what the bench counted (INSTRUCTIONS) into the table on stdout, build/demo.json and the chart's
data file. MiB/s are medians over the rounds, with the least and the most; instructions are the
kernel's, of both hosts, a byte. INSTRUCTIONS has the bench's rows, or one line `uncounted WHY`."""

import json
import statistics
import sys

TESTS = ["write_bw", "read_bw", "send_bw", "pingpong"]
NAMES = {"write_bw": "ib_write_bw", "read_bw": "ib_read_bw", "send_bw": "ib_send_bw", "pingpong": "ibv_rc_pingpong"}
DEVICES = ["rodp", "rxe"]
MEMORIES = ["pinned", "odp"]
WAYS = [(device, memory) for device in DEVICES for memory in MEMORIES]


def new_row(device, memory, test, size):
    return {"device": device, "topology": "veth", "test": test, "bytes": int(size), "memory": memory,
            "mib_per_s": None, "least": None, "most": None, "rounds": [], "kernel_insn_per_byte": None}


def read_results(path):
    """({(device, memory, test): row}, verified)."""
    rows, verified = {}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            device, memory, test, size, value = line.rstrip("\n").split("\t")
            if test == "verify":
                verified.append({"device": device, "topology": "veth", "memory": memory, "ok": value == "ok"})
                continue
            row = rows.setdefault((device, memory, test), new_row(device, memory, test, size))
            row["rounds"].append(None if value == "failed" else float(value))
    for row in rows.values():
        good = [value for value in row["rounds"] if value is not None]
        if good:
            row.update(mib_per_s=statistics.median(good), least=min(good), most=max(good))
    return rows, verified


def read_instructions(path, rows):
    """Into the rows; returns why there are none, or None."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, rest = line.rstrip("\n").split(" ", 1)
            if name == "uncounted":
                return rest
            test, size, memory, _, device = name.split(":")
            if (device, memory, test) in rows:
                rows[device, memory, test]["kernel_insn_per_byte"] = float(rest.split()[0]) / int(size)
    return None


def ratio(above, below):
    return "-" if not above or not below else f"{above / below:.2f}"


def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def spread(row):
    """The median, and from where to where."""
    if row.get("mib_per_s") is None:
        return "-", ""
    return f"{row['mib_per_s']:.1f}", f"({row['least']:.1f}..{row['most']:.1f})"


def print_table(rows, uncounted):
    head = "{:<16}{:<7}" + "{:>8} {:<15}" * 2 + "{:>9}"
    counts = "   {:>7}{:>7}{:>9}" if uncounted is None else ""
    print("64 KiB messages, two hosts joined by veth, path MTU 4096")
    print((head + counts).format("", "", "rodp", "", "rxe", "", "rodp/rxe", "rodp", "rxe", "rodp/rxe").rstrip())
    print((head + counts).format("", "", "MiB/s", "(least..most)", "MiB/s", "(least..most)", "MiB/s",
                                 *["insn/B"] * 3).rstrip())
    for test in TESTS:
        for memory in MEMORIES:
            pair = [rows.get((device, memory, test), {}) for device in DEVICES]
            insn = [row.get("kernel_insn_per_byte") for row in pair]
            cells = [*spread(pair[0]), *spread(pair[1]), ratio(*[row.get("mib_per_s") for row in pair])]
            cells += [number(value, 2) for value in insn] + [ratio(*insn)]
            name = NAMES[test] if memory == MEMORIES[0] else ""
            print((head + counts).format(name, memory.replace("odp", "ODP"), *cells).rstrip())


def print_rest(verified, uncounted):
    words = {(v["device"], v["memory"]): "yes" if v["ok"] else "NO" for v in verified}
    print("data verified:", ", ".join(f"{device} {memory.replace('odp', 'ODP')} {words.get((device, memory), '-')}"
                                      for device, memory in WAYS))
    if uncounted is None:
        print("insn/B: instructions in the kernel of both hosts a byte, counted; the host's load does not change them")
    else:
        print("instructions a byte: not counted,", uncounted)


def write_data(path, rows, uncounted):
    """gnuplot's: a block of `TEST MEDIAN LEAST MOST...`, and one of `TEST INSTRUCTIONS...`."""
    with open(path, "w", encoding="utf-8") as out:
        for test in TESTS:
            ways = [rows.get((*way, test), {}) for way in WAYS]
            print(NAMES[test], *[row.get(key) or 0 for row in ways for key in ("mib_per_s", "least", "most")], file=out)
        if uncounted is not None:
            return
        print("\n", file=out)
        for test in TESTS[:-1]:
            print(NAMES[test], *[rows.get((*way, test), {}).get("kernel_insn_per_byte") or 0 for way in WAYS], file=out)


def main():
    kernel, accel, results, json_path, data_path, instructions = sys.argv[1:]
    rows, verified = read_results(results)
    uncounted = read_instructions(instructions, rows)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"kernel": kernel, "accel": accel, "rows": list(rows.values()), "verified": verified,
                   "uncounted": uncounted}, out, indent=1)
        out.write("\n")
    write_data(data_path, rows, uncounted)
    print_table(rows, uncounted)
    print_rest(verified, uncounted)


main()
