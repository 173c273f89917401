#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""record FILE: runs the examples of docs/perftest.md on the device at hand, and writes what they say as JSON.

rodp's runs also name counters. Huge pages are off, so that a fault maps one page.
"""

import json
import os
import sys

sys.dont_write_bytecode = True # the modules lie in the checkout
from examples import EXAMPLES, RODP_COUNTERS
from options import RODP, THP, without_huge_pages
from pair import need_programs, run

BEGIN, END = "#bytes", "-----"


def told(result):
    """The result's part of what the client printed, or what was refused."""
    if result.status:
        lines = [line for line in (result.client + result.server).splitlines()
                 if "support" in line or "prefetch the buffer" in line]
        return [lines[0].strip()] if lines else [f"status {result.status}"]
    lines = result.client.splitlines()
    first = next(index for index, line in enumerate(lines) if BEGIN in line)
    return [line.rstrip() for line in lines[first:] if line.strip() and not line.startswith(END)]


def main(path):
    need_programs()
    before = without_huge_pages()
    runs = {}
    for name, (program, options) in EXAMPLES.items():
        if RODP and "--odp" in " ".join(options):
            options = options + ["-W", RODP_COUNTERS]
        result = run(program, options)
        runs[name] = {"command": f"{program} {' '.join(options)}", "told": told(result), "json": result.json}
        print(name, *runs[name]["told"][1:2], flush=True)
    if before:
        with open(THP, "w", encoding="ascii") as file:
            file.write(before)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"device": os.environ["RDMA_LINK"], "kernel": os.uname().release, "runs": runs}, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
