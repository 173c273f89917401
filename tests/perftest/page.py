#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""page PAGE DATA RECORD...: puts the runs of RECORDs (record.py's) into PAGE, and what chart.gp draws into DATA-*.

In PAGE what follows a line `<!-- run NAME -->` or `<!-- json NAME -->`, up to `<!-- end -->`, is replaced: by what
was told, or by what the patches add to the JSON.
"""

import json
import re
import sys

CHARTS = {
    "invalidate": (("never", "odp"), ("each 10th", "invalidate-10"), ("each", "invalidate-1")),
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


def json_block(name, records):
    """What the patches add to the JSON, on the first device."""
    out = records[0]["runs"][name]["json"]
    added = {"test_info": {key: value for key, value in out["test_info"].items() if key.startswith("ODP")},
             "counters": out["counters"]}
    return "```json\n" + json.dumps(added, indent=2) + "\n```"


def fill(text, records):
    for kind, make in ("run", block), ("json", json_block):
        text = re.sub(rf"(<!-- {kind} (\S+) -->\n).*?(<!-- end -->)",
                      lambda match, make=make: f"{match[1]}{make(match[2], records)}\n{match[3]}", text, flags=re.S)
    return text


def latency(record, name):
    out = record["runs"][name]["json"]
    return out["results"]["t_typical"] if out else "-"


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
