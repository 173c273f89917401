# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""examples: the runs that docs/perftest.md shows, by the name that the page knows them by."""

COLD = ["--odp", "--odp_invalidate=0", "--odp_region=8M"]
RODP_COUNTERS = "hw_counters/odp_faults,hw_counters/odp_pages_mapped,hw_counters/odp_parks"

EXAMPLES = {
    "stdev": ("ib_read_lat", ["-n", "1000"]),
    "uc": ("ib_write_lat", ["-c", "UC", "-n", "1000", "--odp"]),
    "ud": ("ib_send_lat", ["-c", "UD", "-n", "1000", "--odp"]),
    "implicit": ("ib_read_lat", ["-n", "1000", "--odp_implicit"]),
    "odp": ("ib_read_lat", ["-n", "1000", "--odp"]),
    "invalidate-10": ("ib_read_lat", ["-n", "1000", "--odp", "--odp_invalidate=10"]),
    "invalidate-1": ("ib_read_lat", ["-n", "1000", "--odp", "--odp_invalidate=1"]),
    "region-pinned": ("ib_read_lat", ["-n", "1000", "--odp_region=8M"]),
    "region-warm": ("ib_read_lat", ["-n", "1000", "--odp", "--odp_region=8M"]),
    "region-cold": ("ib_read_lat", ["-n", "1000"] + COLD),
    "prefetch-sync": ("ib_read_lat", ["-n", "1000"] + COLD + ["--odp_prefetch=sync"]),
    "prefetch-nofault": ("ib_read_lat", ["-n", "1000"] + COLD + ["--odp_prefetch=nofault"]),
    "bandwidth-pinned": ("ib_write_bw", ["-n", "128", "-s", "65536", "--odp_region=8M"]),
    "bandwidth-cold": ("ib_write_bw", ["-n", "128", "-s", "65536"] + COLD),
}
