"""Measured processes: rubric's commands from outside, peers by their own clock, one after the other in turn."""
import json
import os
import statistics
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

Usage = namedtuple("Usage", "wall user system peak")  # seconds, and MiB

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
PYTHON = os.environ.get("PYTHON", "")
FILTERS = BUILD / "libexec/rubric"


def rubric(*command, stdin=None, stdout=subprocess.DEVNULL):
    """Runs a filter to its end and returns its Usage; what it says is shown only if it fails."""
    with tempfile.NamedTemporaryFile("r") as report:
        words = [BUILD / "bench/measure", report.name, FILTERS / str(command[0]), *map(str, command[1:])]
        done = subprocess.run(words, stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr.decode()}")
        wall, user, system, peak = map(float, report.read().split())
    return Usage(wall, user, system, peak / 1024)


def helper(name, *arguments, stdin=None):
    """The numbers that a program of $(BUILD)/bench prints."""
    words = [BUILD / "bench" / name, *map(str, arguments)]
    return list(map(float, subprocess.run(words, stdin=stdin, stdout=subprocess.PIPE, check=True).stdout.split()))


def missing_modules():
    """Names of the peers' modules that are not here, or None where there is no Python for them."""
    if not PYTHON or not Path(PYTHON).exists():
        return None
    done = subprocess.run([PYTHON, HERE / "peers.py", "missing"], stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.split()


class Peer:
    """A peer that is ready and waits to be asked for a pass."""

    def __init__(self, work, **settings):
        words = [PYTHON, HERE / "peers.py", work, *(f"{name}={value}" for name, value in settings.items())]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.name = self.answer()["ready"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            self.errors.seek(0)
            raise SystemExit(f"bench: a peer failed\n{self.errors.read().decode()[-2000:]}")
        return json.loads(line)

    def run(self):
        self.process.stdin.write("pass\n")
        self.process.stdin.flush()
        got = self.answer()
        return Usage(got["seconds"], 0, 0, got["peak_kib"] / 1024)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def in_turn(rounds, **things):
    """Calls each of `things` once a round, in turn; the medians of the tuples of numbers that they return."""
    results = {name: [] for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            results[name].append(thing())

    def median(values):
        medians = [statistics.median(column) for column in zip(*values)]
        return Usage(*medians) if isinstance(values[0], Usage) else medians

    return {name: median(values) for name, values in results.items()}
