#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""Prints what a provider and libibverbs must agree on, one fact a line, as a compiler sees it.

    facts.py OURS [COMPILER-ARGUMENT...]

OURS is the directory compat/infiniband, whose headers say which structures, values and calls matter. The arguments
decide which <infiniband/driver.h> is looked at: ours, or that of an rdma-core release.

    size STRUCT BYTES
    field STRUCT.MEMBER OFFSET BYTES
    value ENUMERATOR NUMBER
    op STRUCT.MEMBER TYPE         of a pointer to a function
    call NAME TYPE                of libibverbs
"""
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = "#include <stddef.h>\n#include <stdio.h>\n#include <infiniband/driver.h>\n"

# Releases make these longer at their end. What libibverbs has behind them has its own fact that says where, and our header
# leaves room (other_release.h). Of a CQ it does neither: what a provider has begins behind it, so its size is a fact.
GROWING = {"verbs_qp.qp", "verbs_qp.qp_ex", "verbs_qp", "ibv_mr_init_attr"}

# Of public structures, which only grow, the members whose place is not the same for ever, and those that other_release.h declares for
# headers that do not have them.
PUBLIC = {"verbs_context": ["context"], "ibv_mr_init_attr": ["length", "access", "comp_mask", "iova", "addr"]}
PUBLIC_VALUES = ["IBV_REG_MR_MASK_ADDR", "IBV_REG_MR_MASK_IOVA"]


def names_in(directory):
    """Structures, commands, enumerators and calls that our headers declare."""
    driver = (directory / "driver.h").read_text()
    calls = (directory / "verbs_calls.h").read_text()
    structs = re.findall(r"^struct (\w+) \{", driver, re.M)
    commands = re.findall(r"^VERBS_COMMAND\((\w+),", driver, re.M)
    enums = re.findall(r"^enum \w* ?\{(.*?)\}", driver, re.M | re.S)
    values = [name for body in enums for name in re.findall(r"^\s*(\w+)", body, re.M)]
    calls = re.sub(r"^#.*$", "", re.sub(r"/\*.*?\*/", "", calls, flags=re.S), flags=re.M)
    return structs, commands, values, re.findall(r"(\w+)\(", calls)


def compile_c(text, arguments, *more):
    return subprocess.run(["cc", "-D_GNU_SOURCE", "-w", "-x", "c", "-", *arguments, *more], input=text, text=True,
                          capture_output=True, check=False)


def must(result):
    if result.returncode:
        sys.exit(result.stderr)
    return result.stdout


def body_of(struct, text):
    """What is between the braces of its definition, or None."""
    found = re.search(r"\bstruct\s+%s\s*\{" % struct, text)
    if not found:
        return None
    depth, begin = 1, found.end()
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return text[begin:at]
    return None


def split_level(text, separator):
    """The parts of text between separators that no brace or bracket encloses."""
    depth, parts, part = 0, [], ""
    for char in text:
        depth += (char in "{(") - (char in "})")
        if char == separator and not depth:
            parts.append(part)
            part = ""
        else:
            part += char
    return [p.strip() for p in parts + [part] if p.strip()]


def name_of(declarator):
    pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", declarator)
    return pointer.group(1) if pointer else re.findall(r"\w+", re.sub(r"\[.*?\]", "", declarator))[-1]


def members_of(body):
    """The names of the members, those of unnamed structures and unions in it too."""
    names = []
    for member in split_level(re.sub(r"__attribute__\s*\(\(.*?\)\)\)?", "", body), ";"):
        nested = re.match(r"(?:struct|union)\s*\w*\s*\{(.*)\}\s*(\w*)$", member, re.S)
        if nested:
            names += [nested.group(2)] if nested.group(2) else members_of(nested.group(1))
        else:
            names += [name_of(part) for part in split_level(member, ",")]
    return names


def layout_program(structs, values):
    """A program that prints sizes, places and values."""
    lines = []
    for struct, members in structs.items():
        if struct not in GROWING:
            lines.append('printf("size %s %%zu\\n", sizeof(struct %s));' % (struct, struct))
        for member in members:
            place = "%s.%s" % (struct, member)
            size = '"-"' if place in GROWING else 'sizeof(((struct %s *)0)->%s)' % (struct, member)
            lines.append('printf("field %s %%zu %s\\n", offsetof(struct %s, %s), %s);' %
                         (place, "%s" if place in GROWING else "%zu", struct, member, size))
    lines += ['printf("value %s %%lld\\n", (long long)%s);' % (name, name) for name in values]
    return INCLUDE + "int main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n"


def type_of(declaration, name):
    """`int f (char *)` becomes `int (char *)`."""
    text = re.sub(r"^extern ", "", declaration)
    text = re.sub(r"\b%s \(" % name, "(", text, count=1)
    return re.sub(r"\s+", " ", text).strip()


def op_name(struct, member):
    return "fact_%s__%s" % (struct, member)


def declared(pointers, arguments, directory):
    """What the compiler has understood of each function that is declared: name to declaration. Each of the pointers to
    functions (STRUCT, MEMBER) is made a declaration too, op_name()."""
    out = directory / "declared"
    text = INCLUDE + "".join("extern __typeof__(*((struct %s *)0)->%s) %s;\n" % (s, m, op_name(s, m)) for s, m in pointers)
    must(compile_c(text, arguments, "-fsyntax-only", "-aux-info", str(out)))
    return dict((m.group(2), m.group(1)) for m in
                re.finditer(r"^/\* .*? \*/ (.*?\b(\w+) \([^;]*\));", out.read_text(), re.M))


def print_types(structs, calls, arguments, directory):
    places = [(s, m) for s in ("verbs_device_ops", "verbs_context_ops") for m in structs.get(s, [])]
    pointers = [(s, m) for s, m in places if re.search(r"\(\s*\*\s*%s\s*\)\s*\(" % m, structs_text[s])]
    found = declared(pointers, arguments, directory)
    for struct, member in pointers:
        name = op_name(struct, member)
        print("op %s.%s %s" % (struct, member, type_of(found[name], name)))
    for name in calls:
        # The call that makes a provider known has the ABI in its name.
        for symbol in sorted(s for s in found if re.fullmatch(name + r"(_\d+)?", s)):
            print("call %s %s" % (name, type_of(found[symbol], symbol)))


def print_layout(structs, values, arguments, directory):
    program = directory / "layout"
    must(compile_c(layout_program(structs, values), arguments, "-o", str(program)))
    print(must(subprocess.run([str(program)], text=True, capture_output=True, check=False)), end="")


structs_text = {}


def main():
    wanted, commands, values, calls = names_in(pathlib.Path(sys.argv[1]))
    arguments = sys.argv[2:]
    text = must(compile_c(INCLUDE, arguments, "-E", "-P"))
    structs = {}
    for struct in sorted(wanted):
        body = body_of(struct, text)
        if body is not None:
            structs_text[struct] = body
            structs[struct] = members_of(body)
    structs.update((c, ["core_payload"]) for c in sorted(commands) if body_of(c, text) is not None)
    structs.update((s, m) for s, m in PUBLIC.items() if body_of(s, text) is not None)
    values = [v for v in values + PUBLIC_VALUES if re.search(r"\b%s\b" % v, text)]
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        print_layout(structs, values, arguments, directory)
        print_types(structs, sorted(set(calls)), arguments, directory)


main()
