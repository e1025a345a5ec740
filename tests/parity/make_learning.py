"""What the learning scripts share: numbers made as tests/unit/learning_numbers.h makes them, and golden files.

Run by itself it does nothing; see losses.py, optimizer.py and linear.py.
"""
import json
import math
import os
import subprocess
import sys

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures", "learning")


def name_hash(name):
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


class Numbers:
    """A linear congruential sequence of numbers in -1/2 .. 1/2, exact in float32."""

    def __init__(self, state):
        self.state = state & 0xFFFFFFFF

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) / 16777216 - 0.5

    def list(self, count, scale=1.0):
        return [scale * self.next() for _ in range(count)]


def differences(old, new, rtol, where=""):
    """Lines that say where two JSON values differ by more than the tolerance."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return [d for k in old for d in differences(old[k], new[k], rtol, f"{where}.{k}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [d for i, (a, b) in enumerate(zip(old, new)) for d in differences(a, b, rtol, f"{where}[{i}]")]
    if isinstance(old, (int, float)) and isinstance(new, (int, float)) and not isinstance(old, bool):
        return [] if math.isclose(old, new, rel_tol=rtol, abs_tol=rtol) else [f"{where}: {old} -> {new}"]
    return [] if old == new else [f"{where}: {old!r} -> {new!r}"]


def shortened(value):
    """The value with its floats at nine digits, enough for float32."""
    if isinstance(value, dict):
        return {k: shortened(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [shortened(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main(name, make, unit_test, rtol=1e-6):
    """NAME.py BUILD: makes the golden numbers again, compares, and runs BUILD/tests/UNIT_TEST, which holds the C
    code to the file.  NAME.py --make: writes the file and prints what changed."""
    path = os.path.join(FIXTURES, name)
    new = json.loads(json.dumps(shortened(make())))
    old = json.load(open(path)) if os.path.exists(path) else None
    changed = ["the file is missing"] if old is None else differences(old, new, rtol)
    for line in changed[:20]:
        print(f"{name}{line if line.startswith(('.', '[')) else ': ' + line}")
    if sys.argv[1] == "--make":
        os.makedirs(FIXTURES, exist_ok=True)
        with open(path, "w") as out:
            json.dump(new, out, separators=(",", ":"))
            out.write("\n")
        print(f"{name}: written")
        return
    status = subprocess.run([os.path.join(sys.argv[1], "tests", unit_test)]).returncode
    if changed or status:
        sys.exit(f"{name}: {'differs from the reference' if changed else 'the C code differs'}")
