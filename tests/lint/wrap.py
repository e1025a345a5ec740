#!/usr/bin/env python3
"""Wraps the lines of C's block comments that are too long, and touches nothing else.

    tests/lint/wrap.py FILE...

What does not fit goes to the beginning of the next line, if that goes on with the same indentation, or to a line of
its own: the second line of an entry of a table ("  name  what it is") stands under the first.  (clang-format's
ReflowComments runs tables together.)
"""
import re
import sys

LIMIT = 110
ENTRY = re.compile(r"\s*(?:/\*|\*)( {2,}\S+(?: \S+)* {2,})\S")


def indentation(line):
    """(what stands before the text of a comment's second line, blanks after it) for a comment's line."""
    match = re.match(r"(\s*)(/\* ?|\* ?|)(\s*)", line)
    opening = match[2].startswith("/")
    blanks = match[3]
    if (entry := ENTRY.match(line)) and len(blanks) >= 1:
        blanks = " " * (len(entry[1]) - 1)
    return match[1] + (" * " if opening else match[2]), blanks


def wrap(lines):
    lines, out, inside = list(lines), [], False
    while lines:
        line = lines.pop(0)
        inside = inside or re.match(r"\s*/\*", line)
        if inside and len(line) > LIMIT and re.match(r"\s*(/\*|\*) ", line):
            cut = line.rfind(" ", 0, LIMIT + 1)
            if line[cut + 1:] == "*/":
                cut = line.rfind(" ", 0, cut)
            before, blanks = indentation(line)
            rest = line[cut + 1:]
            following = re.match(r"(\s*\* )(\s*)(\S.*)$", lines[0]) if lines and not line.endswith("*/") else None
            if following and following[2] == blanks and following[3] != "*/":
                gap = "  " if rest.endswith((".", ":")) else " "
                lines[0] = following[1] + blanks + rest + gap + following[3]
            else:
                lines.insert(0, before + blanks + rest)
            line = line[:cut].rstrip()
        inside = inside and "*/" not in line
        out.append(line)
    return out


for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    wrapped = "\n".join(wrap(text.split("\n")))
    if wrapped != text:
        open(path, "w", encoding="utf-8").write(wrapped)
