#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""options [CHECK...]: what each of perftest-patches' options does, on the device at hand.

Without CHECK all of them. rodp counts its faults, so there an option's effect is read from the
JSON's counters. rxe counts none: there it is read from the kernel's count of page faults, which
a device's fault raises, too.
"""

import os
import re
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True # the modules lie in the checkout
from pair import Failed, device_refuses, good, need_programs, refused

RODP = os.environ["RDMA_LINK"].startswith("rodp")
COUNTERS = ["odp_faults", "odp_parks", "odp_pages_mapped", "odp_pages_prefetched", "odp_pages_invalidated"]
WATCH = ["-W", ",".join(f"hw_counters/{name}" for name in COUNTERS)] if RODP else []
THP = "/sys/kernel/mm/transparent_hugepage/enabled"
PROGRAMS = ["ib_write_lat", "ib_write_bw", "ib_read_lat", "ib_read_bw", "ib_send_lat", "ib_send_bw",
            "ib_atomic_lat", "ib_atomic_bw"]
REGION = "4M"
PAGES = 4 * 1024 * 1024 // 4096 # of REGION


def expect(truth, what):
    if not truth:
        raise Failed(what)


def page_faults():
    """Of the whole guest, since boot."""
    with open("/proc/vmstat", encoding="ascii") as file:
        return int(re.search(r"^pgfault (\d+)$", file.read(), re.M).group(1))


def faults_of(program, options):
    """Page faults that a run caused, in the processes and by the device."""
    before = page_faults()
    result = good(program, options + WATCH)
    return page_faults() - before, result


def check_stdev():
    """The standard deviation is that of the samples, also of those less than 1 us apart."""
    result = good("ib_read_lat", ["-n", "500", "-U"])
    samples = sorted(float(value) for value in re.findall(r"^\d+, (\S+)$", result.client, re.M))
    expect(len(samples) == 499, f"{len(samples)} samples instead of 499")
    own, told = statistics.pstdev(samples[:-2]), result.json["results"]["t_stdev"]
    expect(abs(own - told) <= 0.01 + 0.001 * own, f"stdev {told} us, but that of the samples is {own:.2f} us")
    print(f"stdev {told} us")


def check_transports():
    """UC and UD where the device's capabilities allow them."""
    for program in "ib_write_bw", "ib_write_lat", "ib_send_bw", "ib_send_lat":
        options = ["-c", "UC", "-n", "100", "--odp"]
        if RODP:
            good(program, options)
        else:
            device_refuses(program, options, "is not supported for UC transport")
    for program in "ib_send_bw", "ib_send_lat":
        good(program, ["-c", "UD", "-n", "100", "--odp"])


def check_implicit():
    """One region for the whole address space, for every verb."""
    if not RODP:
        device_refuses("ib_read_lat", ["--odp_implicit"], "does not support implicit On-Demand Paging")
        return
    shown = []

    def look():
        for _ in range(100):
            shown.append(subprocess.run(["rdma", "-dd", "resource", "show", "mr"], capture_output=True, text=True,
                                        check=False).stdout)
            if "odp implicit" in shown[-1]:
                return

    result = good("ib_read_lat", ["-D", "2", "-f", "0", "--odp_implicit"], during=look)
    expect("odp implicit" in shown[-1], f"no implicit region while the test ran: {shown[-1]}")
    expect(result.info("ODP") == "implicit", f"the JSON calls it {result.info('ODP')}")
    for program in PROGRAMS[::2] + ["ib_send_bw"]:
        good(program, ["-n", "100", "--odp_implicit"])


def check_invalidate():
    """The more often pages are dropped, the more often the device faults."""
    count = 1000
    options = ["-n", str(count), "--odp"]
    faults, results = {}, {}
    for often in None, 0, 10, 1:
        more = [] if often is None else [f"--odp_invalidate={often}"]
        faults[often], results[often] = faults_of("ib_read_lat", options + more)
        expect(results[often].info("ODP_invalidate") == often, "the JSON tells another ODP_invalidate")
    print("page faults, by N of --odp_invalidate:", faults)
    if RODP:
        expect_parks(count, results)
    more = faults[1] - faults[None]
    expect(more >= count * 9 // 10, f"{more} faults more when each of {count} iterations drops")


def expect_parks(count, results):
    """Of check_invalidate's runs."""
    parks = {often: result.counter("odp_parks") for often, result in results.items()}
    print("parks, by N of --odp_invalidate:", parks)
    expect(parks[1] >= count, f"{parks[1]} parks in {count} iterations, each after its page was dropped")
    expect(count // 10 <= parks[10] < count // 2, f"{parks[10]} parks when each 10th iteration drops")
    expect(1 <= parks[0] < count // 10, f"{parks[0]} parks at a cold start")


def check_region():
    """Each iteration uses pages that none before used."""
    count = PAGES // 2
    cold = ["-n", str(count), "--odp", "--odp_invalidate=0"]
    region = [f"--odp_region={REGION}"]
    few, _ = faults_of("ib_read_lat", ["-n", str(count), "--odp"] + region)
    many, result = faults_of("ib_read_lat", cold + region)
    print(f"page faults of a walk: warm {few}, cold {many}")
    # Both ends' pages, each once.
    expect(many - few >= 2 * count * 9 // 10, f"{many} faults cold, {few} warm")
    expect(result.info("ODP_region") == PAGES * 4096, "the JSON tells another ODP_region")
    if RODP:
        mapped = result.counter("odp_pages_mapped")
        expect(mapped >= 2 * count, f"{mapped} pages mapped in {count} iterations at two ends")
        narrow = good("ib_read_lat", cold + WATCH).counter("odp_pages_mapped")
        expect(narrow < count // 4, f"without a region {narrow} pages are mapped")
    # Around the region several times: 256 pages, the mark of a write latency test is a byte.
    good("ib_write_lat", ["-n", "1100", "--odp", "--odp_region=1M"])
    good("ib_read_lat", ["-n", "600"] + region)  # pinned


def check_prefetch():
    """What was prefetched does not fault."""
    options = ["-n", "500", "--odp", "--odp_invalidate=0", f"--odp_region={REGION}"]
    if not RODP:
        device_refuses("ib_read_lat", ["--odp", "--odp_prefetch=sync"], "Couldn't prefetch the buffer")
        return
    without = good("ib_read_lat", options + WATCH)
    parks = {"none": without.counter("odp_parks")}
    for mode in "sync", "async", "nofault":
        result = good("ib_read_lat", options + WATCH + [f"--odp_prefetch={mode}"])
        expect(result.info("ODP_prefetch") == mode, "the JSON tells another ODP_prefetch")
        parks[mode] = result.counter("odp_parks")
        if mode == "sync":
            pages = result.counter("odp_pages_prefetched")
            expect(pages >= 2 * PAGES, f"{pages} pages prefetched of a buffer of {2 * PAGES}")
    print("parks, by --odp_prefetch:", parks)
    expect(parks["none"] >= 100, f"{parks['none']} parks without a prefetch")
    expect(parks["sync"] <= parks["none"] // 20, f"{parks['sync']} parks after a prefetch, {parks['none']} without")
    # Nothing of the dropped buffer is in memory, so nofault must map nothing.
    expect(parks["nofault"] >= 100, f"{parks['nofault']} parks although nothing was to be mapped")


def check_programs():
    """All of the options, in all of the programs."""
    for program in PROGRAMS:
        good(program, ["-n", "300", "--odp", f"--odp_region={REGION}", "--odp_invalidate=7"])
    good("ib_write_lat", ["-n", "300", "--odp", f"--odp_region={REGION}", "--odp_invalidate=7", "--write_with_imm"])
    good("ib_write_lat", ["-n", "600", "--odp", "--odp_invalidate=1"])
    good("ib_send_bw", ["-n", "200", "-s", "65536", "--odp", f"--odp_region={REGION}", "--odp_invalidate=50"])
    good("ib_send_lat", ["-c", "UD", "-n", "300", "--odp", f"--odp_region={REGION}", "--odp_invalidate=0"])
    good("ib_write_bw", ["-b", "-q", "4", "--mr_per_qp", "-n", "100", "--odp", "--odp_invalidate=10"])


def counters_there():
    """Two of the device's counters, as -W wants them."""
    path = f"/sys/class/infiniband/{os.environ['RDMA_DEV']}/ports/1/hw_counters"
    found = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return ",".join([f"hw_counters/{name}" for name in found if name != "lifespan"][:2])


def check_json():
    """The JSON tells the mode, and of the counters what the text tells."""
    result = good("ib_send_bw", ["-n", "100"])
    expect(result.info("ODP") == "OFF", "a pinned run has an ODP mode")
    expect("counters" not in result.json, "counters that nobody asked for")
    names = WATCH[1] if RODP else counters_there()
    expect(names, "the device shows no counters where -W looks for them")
    for program in "ib_send_bw", "ib_read_lat":
        result = good(program, ["-n", "100", "--odp", "-W", names])
        expect(result.info("ODP") == "explicit", "the JSON does not call it explicit")
        counters = result.json["counters"]
        expect(list(counters) == names.split(","), f"other counters: {counters}")
        for name, value in counters.items():
            expect(f"\t{name}={value}\n" in result.client, f"{name} is {value} in the JSON, not in the text")
    duration = good("ib_read_lat", ["-D", "1", "-f", "0", "--odp", "-W", names])
    expect(list(duration.json["counters"]) == names.split(","), "a run by time has other counters")


def check_refusals():
    """Wrong values, and what does not go together."""
    for options, message in (
            (["--odp_prefetch=sync"], "ODP prefetch is supported with --odp only"),
            (["--odp", "--odp_prefetch=soon"], "Invalid ODP prefetch 'soon'"),
            (["--odp_invalidate=1"], "ODP invalidate is supported with --odp only"),
            (["--odp", "--odp_invalidate=-1"], "must be non-negative"),
            (["--odp", "--odp_invalidate=x"], "should be int"),
            (["--odp", "--use_hugepages", "--odp_invalidate=0"], "in small pages only"),
            (["--odp", "--run_infinitely", "--odp_invalidate=1"], "ODP invalidate can only be 0"),
            (["--odp", "-b", "--odp_invalidate=1"], "ODP invalidate can only be 0"),
            (["--odp_region=1"], "ODP region should be between"),
            (["--odp_region=4T"], "ODP region should be between"),
            (["--odp_region=3G"], "ODP region should be between"),
            (["--odp_region=1M", "-s", "1M"], "ODP region should be at least"),
            (["--odp_region=1M", "-a"], "ODP region is not supported with"),
            (["--odp_region=1M", "-l", "2"], "ODP region is not supported with"),
            (["--mmap=/dev/null", "--odp_region=1M"], "memory other than the host's"),
            (["--mmap=/dev/null", "--odp_implicit"], "with host memory only")):
        refused("ib_send_bw", options, message)


CHECKS = {"stdev": check_stdev, "transports": check_transports, "implicit": check_implicit,
          "invalidate": check_invalidate, "region": check_region, "prefetch": check_prefetch,
          "programs": check_programs, "json": check_json, "refusals": check_refusals}


def without_huge_pages():
    """A fault maps one page; returns what was before."""
    try:
        with open(THP, encoding="ascii") as file:
            before = re.search(r"\[(\w+)\]", file.read()).group(1)
        with open(THP, "w", encoding="ascii") as file:
            file.write("never")
        return before
    except OSError:
        return None


def main(names):
    failed = 0
    need_programs()
    before = without_huge_pages()
    try:
        for name in names or CHECKS:
            print(f"{name}: {CHECKS[name].__doc__}", flush=True)
            began = time.monotonic()
            try:
                CHECKS[name]()
            except Failed as error:
                failed += 1
                print(f"FAILED {name}: {error}", flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    finally:
        if before:
            with open(THP, "w", encoding="ascii") as file:
                file.write(before)
    if failed:
        print(f"{failed} of {len(names or CHECKS)} checks failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
