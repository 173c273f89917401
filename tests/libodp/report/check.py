#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""check.py PAGE PERFETTO: what the page of sample.trace has in it, and the trace for Perfetto."""
import json
import re
import sys


def data_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if re.search(r'(?:src|href)\s*=|https?://(?!www\.w3\.org/2000/svg)', text):
        sys.exit("the page asks for something that is not in it")
    blocks = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    if len(blocks) != 1 or text.count("</script>") != 2:
        sys.exit("the data end before their end")
    return json.loads(blocks[0])


def expect(is_so, what):
    if not is_so:
        sys.exit(f"not so: {what}")


def check_page(x):
    expect((x["faults"], x["waits_all"], x["lost"], x["left_out"]) == (3, 4, 3, 0), f"{x['faults']} faults, {x['waits_all']} waits")
    expect(abs(x["seconds"] - 5) < 0.001, f"{x['seconds']} s")
    worst = x["worst"]
    expect([w["qpn"] for w in worst] == [18, 17, 17, 19], f"the order of waits: {worst}")
    expect([w["lane"] for w in worst] == ["send", "recv", "recv", "recv"], "lanes")
    expect("hung" in worst[0]["cause"] and "values.db" in worst[0]["cause"], worst[0]["cause"])
    expect("Bad address" in worst[1]["cause"], worst[1]["cause"])
    expect("16 pages of anonymous memory" in worst[2]["cause"], worst[2]["cause"])
    expect(worst[3]["s"] is None, "a wait that is not over")
    faulters = {f["name"]: (f["times"], f["pages"]) for f in x["faulters"]}
    expect(faulters == {"kv server (500), anonymous memory": (2, 16),
                        "kv server (500), /srv/data/</script><b>values.db": (1, 2)}, str(faulters))
    takers = {i["name"]: (i["times"], i["pages"]) for i in x["invalidators"]}
    expect(takers == {"clear in try_to_unmap_one by kswapd0: anonymous memory": (1, 8),
                      "unmap by a-b (1): anonymous memory": (1, 8),
                      "release by kv server: /srv/data/</script><b>values.db": (1, 2)}, str(takers))
    expect([(h["first"], h["pid"], h["present"][0], max(h["present"]), h["present"][-1]) for h in x["heat"]] ==
           [("0x7f0000000000", 500, 16, 16, 0), ("0x7f0000200000", 500, 0, 0, 0), ("0x7f1000000000", 500, 0, 2, 0)],
           str([(h["first"], h["present"]) for h in x["heat"]]))
    expect((sum(x["faulted"]), sum(x["dropped"])) == (18, 18), "pages by time")


def check_perfetto(path):
    with open(path, encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    spans = [(e["name"], e["pid"], round(e["dur"])) for e in events if e["ph"] == "X"]
    expect(sorted(spans) == [("fault", 500, 400), ("fault", 500, 100000), ("fault", 500, 1500000),
                             ("wait", 0, 410), ("wait", 0, 100001), ("wait", 0, 1499997)], str(spans))
    expect(sum(e["ph"] == "i" for e in events) == 3, "invalidations")


check_page(data_of(sys.argv[1]))
check_perfetto(sys.argv[2])
