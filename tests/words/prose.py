# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""prose: the sentences of a Markdown page (read by cmark-gfm) or of a manual page (read by mandoc).

Code is no prose: a code span stands in a sentence as one word, CODE, and code blocks are left out.
"""
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

CODE = "CODE"
BLOCKS = {"paragraph", "heading", "table_cell"}
# What ends with a full stop and ends no sentence.
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|vol|fig|et al|[A-Z])\.$")
END = re.compile(r"[.!?][\"')\]]*(?=\s+[\"'(\[]*(?:[A-Z0-9]|rodp\b|rxe\b|siw\b|perftest\b|libodp\b|odpctl\b|odprun\b|mlx5\b|odp_|ibv_))")


@dataclass
class Sentence:
    line: int  # of the file; of a manual page, of the text that mandoc prints
    text: str

    def words(self):
        return [word for word in self.text.split() if re.search(r"\w", word)]


class Block:
    """The text of one paragraph, heading or table cell, and the line of each of its characters."""

    def __init__(self, line):
        self.line = line
        self.text = ""
        self.lines = []

    def add(self, text):
        self.text += text
        self.lines += [self.line] * len(text)

    def next_line(self):
        self.add(" ")
        self.line += 1

    def sentences(self):
        begin = 0
        ends = [match.end() for match in END.finditer(self.text) if not ABBREVIATION.search(self.text[: match.start() + 1])]
        for end in ends + [len(self.text)]:
            part = self.text[begin:end]
            start = begin + len(part) - len(part.lstrip())
            if part.strip():
                yield Sentence(self.lines[start], " ".join(part.split()))
            begin = end


def run(*command, text):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def tag_of(node):
    return node.tag.rpartition("}")[2]


def fill(block, node):
    """Adds what a reader sees of the node."""
    for child in node:
        tag = tag_of(child)
        if tag == "text":
            block.add(child.text or "")
        elif tag == "code":
            block.add(CODE)
        elif tag in ("softbreak", "linebreak"):
            block.next_line()
        else:
            fill(block, child)


def markdown_xml(text):
    return run("cmark-gfm", "--extension", "table", "--to", "xml", "--sourcepos", text=text)


def markdown_blocks(text):
    line = 1
    for node in ElementTree.fromstring(markdown_xml(text)).iter():
        line = int(node.get("sourcepos", f"{line}:").partition(":")[0])
        if tag_of(node) in BLOCKS:
            block = Block(line)
            fill(block, node)
            yield block


def manual_blocks(text):
    """A paragraph is what stands between empty lines; what is not indented is a heading."""
    text = re.sub(r"^\.(EX|nf)$.*?^\.(EE|fi)$", ".PP", text, flags=re.MULTILINE | re.DOTALL)
    page = re.sub(".\b", "", run("mandoc", "-T", "utf8", "-O", "width=200", text=text))
    block = None
    for number, line in enumerate(page.splitlines() + [""], 1):
        if not line.startswith(" "):
            if block:
                yield block
            block = None
        elif not block:
            block = Block(number)
            block.add(line)
        else:
            block.next_line()
            block.add(line)


def sentences_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    manual = re.search(r"\.[1-9]$", path)
    for block in manual_blocks(text) if manual else markdown_blocks(text):
        yield from block.sentences()
