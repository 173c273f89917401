#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""page PAGE DATA RECORD...: puts the runs of RECORDs (record.py's) into PAGE, and what chart.gp draws into DATA-*.

In PAGE what follows a line `<!-- run NAME -->`, up to `<!-- end -->`, is replaced.
"""

import json
import re
import sys

CHARTS = {
    "invalidate": (("never", "odp"), ("each 100th", "invalidate-100"), ("each 10th", "invalidate-10"),
                   ("each", "invalidate-1")),
    "walk": (("pinned", "region-pinned"), ("ODP, warm", "region-warm"), ("ODP, cold", "region-cold"),
             ("prefetched", "prefetch-sync")),
}


def block(name, records):
    """A run on each device, as a listing."""
    lines = []
    for record in records:
        run = record["runs"][name]
        lines += ["```", f"{record['device']}$ {run['command']}", *run["told"], "```"]
    return "\n".join(lines)


def fill(text, records):
    return re.sub(r"(<!-- run (\S+) -->\n).*?(<!-- end -->)",
                  lambda match: f"{match[1]}{block(match[2], records)}\n{match[3]}", text, flags=re.S)


def latency(record, name):
    out = record["runs"][name]["json"]
    return out["results"]["t_avg"] if out else "-"


def write_data(path, records):
    for chart, rows in CHARTS.items():
        with open(f"{path}-{chart}", "w", encoding="utf-8") as file:
            for label, name in rows:
                file.write("\t".join([f'"{label}"'] + [str(latency(record, name)) for record in records]) + "\n")


def main(page, data, *paths):
    records = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            records.append(json.load(file))
    with open(page, encoding="utf-8") as file:
        text = file.read()
    with open(page, "w", encoding="utf-8") as file:
        file.write(fill(text, records))
    write_data(data, records)


if __name__ == "__main__":
    main(*sys.argv[1:])
