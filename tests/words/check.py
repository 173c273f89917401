#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""check.py RULES FILE...: each sentence of the files against the rules (rules.toml): its length and its terms.

Prints a line for each fault, and ends with 1 if there is any.
"""
import re
import sys
import tomllib

import prose

LONG_PAGE = 10  # sentences: below this a page has no average


class Rules:
    def __init__(self, path):
        with open(path, "rb") as file:
            rules = tomllib.load(file)
        self.most = rules["length"]["most"]
        self.average = rules["length"]["average"]
        self.terms = [(re.compile(rf"(?<![\w-]){words}(?![\w-])", re.IGNORECASE), term["say"])
                      for term in rules["term"] for words in term["not"]]
        if not self.terms:
            sys.exit(f"{path}: no terms")


def faults_of(sentence, rules):
    length = len(sentence.words())
    if length > rules.most:
        yield f"{length} words in a sentence, at most {rules.most}: {sentence.text}"
    for pattern, say in rules.terms:
        found = pattern.search(sentence.text)
        if found:
            yield f"not '{found.group()}' but {say}: {sentence.text}"


def check(path, rules):
    """Returns how many sentences and faults the file has."""
    sentences = list(prose.sentences_of(path))
    faults = 0
    for sentence in sentences:
        for fault in faults_of(sentence, rules):
            print(f"{path}:{sentence.line}: {fault}")
            faults += 1
    # A heading and a table's cell are no sentences: they would hide long ones.
    lengths = [len(sentence.words()) for sentence in sentences if sentence.text.endswith((".", "!", "?", ":"))]
    if len(lengths) >= LONG_PAGE and sum(lengths) > rules.average * len(lengths):
        print(f"{path}: {sum(lengths) / len(lengths):.1f} words in a sentence on average, at most {rules.average}")
        faults += 1
    if not sentences:
        print(f"{path}: no sentences")
        faults += 1
    return len(sentences), faults


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: check.py RULES FILE...")
    rules = Rules(arguments[0])
    counts = [check(path, rules) for path in arguments[1:]]
    sentences = sum(count[0] for count in counts)
    faults = sum(count[1] for count in counts)
    print(f"{len(counts)} files, {sentences} sentences, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
