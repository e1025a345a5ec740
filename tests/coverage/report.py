#!/usr/bin/env python3
"""Prints which share of the lines of lib/ and cmd/ ran, and the ten files of which the smallest share did.

    tests/coverage/report.py BUILD

BUILD is a build with --coverage in which tests have run.  A line that is compiled several times (a template's) ran if
it ran once.
"""
import collections
import json
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
objects = sorted(str(path) for place in ("lib", "cmd") for path in (build / place).rglob("*.gcno"))
ran = collections.defaultdict(dict)
for line in subprocess.run(["gcov", "--json-format", "--stdout", *objects], check=True, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True).stdout.splitlines():
    for file in json.loads(line)["files"]:
        if file["file"].startswith(("lib/", "cmd/")):
            lines = ran[file["file"]]
            for entry in file["lines"]:
                lines[entry["line_number"]] = lines.get(entry["line_number"], False) or entry["count"] > 0

rows = sorted((sum(lines.values()) / len(lines), name, len(lines) - sum(lines.values())) for name, lines in ran.items()
              if lines)
total = sum(len(lines) for lines in ran.values())
covered = sum(sum(lines.values()) for lines in ran.values())
print(f"coverage: {100 * covered / total:.1f} % of {total} lines in {len(rows)} files")
for share, name, missed in rows[:10]:
    print(f"  {100 * share:5.1f} %  {name}, {missed} line{'s' if missed != 1 else ''} did not run")
