# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""device.py DEVICE: what only a real device can tell through the Python binding: prefetch, residency, counters, events."""
import mmap
import os
import select
import sys

import odp
from pyverbs.device import Context
from pyverbs.mr import MR
from pyverbs.pd import PD

PAGES = 64
SIZE = os.sysconf("SC_PAGESIZE")


def expect(condition, what):
    if not condition:
        sys.exit(f"device.py: {what}")


def main():
    ctx = Context(name=sys.argv[1])
    pd = PD(ctx)
    caps = odp.query_caps(ctx)
    expect(caps.explicit_odp and caps.observes and caps.dmabuf, f"a rodp device has more than {caps}")
    expect(odp.can(ctx, odp.Transport.RC, odp.Op.WRITE | odp.Op.READ), "no on-demand memory over RC")
    memory = mmap.mmap(-1, PAGES * SIZE)
    with odp.Domain(pd, levels=odp.Level.EXPLICIT) as domain, domain.get(memory, odp.Access.LOCAL_WRITE) as key:
        expect(not any(page & odp.Page.PRESENT for page in odp.residency(ctx, memory)), "memory that nobody touched is present")
        with odp.Watch(ctx, key) as watch:
            expect(watch.read() is None, "an event before anything happened")
            domain.prefetch([(key.address, 10 * SIZE)], odp.Prefetch.WRITE, wait=True, key=key)
            expect(select.select([watch], [], [], 10)[0], "no event within 10 s of a prefetch")
            event = watch.read()
            expect(event and event.prefetched >= 10, f"10 pages were prefetched: {event}")
        pages = odp.residency(ctx, memory)
        expect(len(pages) == PAGES and all(page & odp.Page.WRITABLE for page in pages[:10]), f"prefetched: {pages[:12]}")
        expect(key.stats().page_prefetch >= 10, f"counted: {key.stats()}")
        with domain.stream(memory, odp.Prefetch.WRITE, window=8 * SIZE, key=key) as stream:
            expect(stream.at(4 * SIZE) >= 12 * SIZE, "a stream does not stay ahead")
        mine = [mr for mr in odp.list_mrs(sys.argv[1]) if mr.pid == os.getpid()]
        expect(any(mr.length >= PAGES * SIZE and mr.level == odp.Level.EXPLICIT for mr in mine), f"listed: {mine}")
    mr = MR(pd, SIZE, odp.Access.LOCAL_WRITE | odp.Access.ON_DEMAND)
    expect(odp.mr_stats(mr).page_faults == 0, "a region of pyverbs has faults")
    mr.close()
    expect(any(name.startswith("odp_") for name in odp.device_counters(ctx)), "no counters of paging")
    expect(len(odp.latency(ctx).bucket) == 40, "no histogram")
    pd.close()
    ctx.close()
    print("device.py: all as it should be")


if __name__ == "__main__":
    main()
