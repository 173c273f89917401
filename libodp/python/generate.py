#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""generate.py CC HEADER FILE [CFLAG...]: odp.h as a module for cffi, which needs no compiler where it is used.

What is declared is what the compiler sees in the header, with the values of its macros, and of verbs.h the few
structures that it passes on."""
import os
import re
import subprocess
import sys

import cffi

# Of verbs.h and sys/uio.h: what is looked into, or has a value that the header uses.
STRUCTURES = ("iovec", "ibv_pd", "ibv_mr")
CALLS = ("ibv_get_device_name",)


def die(text):
    sys.exit("generate.py: " + text)


def preprocess(cc, header, flags):
    """All that the compiler sees, and after it a line NAME_OF "X" VALUE for each macro X that stands for a value."""
    with open(header, encoding="utf-8") as file:
        macros = re.findall(r"^#define (ODP_\w+)[ \t]+\S", file.read(), re.M)
    text = f'#include "{os.path.abspath(header)}"\n' + "".join(f'NAME_OF "{name}" {name}\n' for name in macros)
    done = subprocess.run([cc, "-E", "-xc", "-D_GNU_SOURCE", *flags, "-"], input=text, text=True, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        die(f"{cc} cannot read {header}")
    return done.stdout


def lines_of(text, header):
    """Those that come from the header itself."""
    mine, inside = [], False
    for line in text.splitlines():
        mark = re.match(r'# \d+ "(.*?)"', line)
        if mark:
            inside = os.path.basename(mark[1]) == os.path.basename(header)
        elif inside:
            mine.append(line)
    return "\n".join(mine)


def find(pattern, text, what):
    found = re.search(pattern, text, re.S | re.M)
    return found[0] if found else die(f"the compiler sees no {what}")


def others(text):
    """What is declared elsewhere, as it is declared there."""
    yield find(r"enum\s*\{[^{}]*\bIBV_SYSFS_NAME_MAX\b[^{}]*\};", text, "IBV_SYSFS_NAME_MAX")
    for name in STRUCTURES:
        yield find(rf"struct {name}\s*\{{[^{{}}]*\}};", text, f"struct {name}")
    for name in CALLS:
        yield find(rf"^(?:extern )?[\w ]+\*?{name}\([^;]*;", text, f"{name}()")
    rights = find(r"enum ibv_access_flags\s*\{[^{}]*\};", text, "enum ibv_access_flags")
    # Those whose value stands there; the others are hints.
    plain = re.findall(r"IBV_ACCESS_\w+\s*=\s*\(?\s*\d+(?:\s*<<\s*\d+)?\s*\)?(?=\s*[,}])", rights)
    yield "enum ibv_access_flags { " + ", ".join(plain) + " };"


def declarations(cc, header, flags):
    text = preprocess(cc, header, flags)
    yield from others(text)
    yield lines_of(text, header)
    for name, value in re.findall(r'^NAME_OF "(\w+)" (.+)$', text, re.M):
        if not value.startswith("("):
            yield f"#define {name} {value}"
        else:
            yield f"enum {{ {name} = {value} }};"


def main():
    if len(sys.argv) < 4:
        die("usage: generate.py CC HEADER FILE [CFLAG...]")
    cc, header, to, *flags = sys.argv[1:]
    ffi = cffi.FFI()
    ffi.set_source("odp._raw", None)
    ffi.cdef("\n".join(declarations(cc, header, flags)))
    os.makedirs(os.path.dirname(to), exist_ok=True)
    ffi.emit_python_code(to)
    with open(to, "r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.write("# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB\n" + text)


if __name__ == "__main__":
    main()
