#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""links.py PAGE...: each link of the Markdown pages to a file, or to a heading of a page, leads to one.

Prints a line for each that does not, and ends with 1 if there is any. Links to other hosts are not followed.
"""
import functools
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

import prose


def tree_of(path):
    with open(path, encoding="utf-8") as file:
        return ElementTree.fromstring(prose.markdown_xml(file.read()))


def anchor_of(heading):
    """As hosts of Markdown make it of a heading: small letters and digits, dashes for blanks."""
    text = "".join(child.text or "" for child in heading.iter() if prose.tag_of(child) in ("text", "code"))
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


@functools.cache
def anchors_of(path):
    return {anchor_of(node) for node in tree_of(path).iter() if prose.tag_of(node) == "heading"}


def fault_of(page, destination):
    """Why this link leads nowhere; None: it leads somewhere."""
    name, _, anchor = destination.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
    if not os.path.exists(target):
        return "there is no such file"
    if anchor and target.endswith(".md") and anchor not in anchors_of(target):
        return f"{target} has no such heading"
    return None


def destinations_of(page):
    for node in tree_of(page).iter():
        destination = node.get("destination", "")
        if prose.tag_of(node) in ("link", "image") and not re.match(r"[a-z]+:", destination):
            yield destination


def main(pages):
    faults = links = 0
    for page in pages:
        for destination in destinations_of(page):
            links += 1
            fault = fault_of(page, destination)
            if fault:
                print(f"{page}: {destination}: {fault}")
                faults += 1
    print(f"{len(pages)} pages, {links} links, {faults} faults")
    return 1 if faults or not links else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
