"""What is measured on: essays, short texts, vocabularies, models of a shape; all made in one temporary directory."""
import csv
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

from processes import FILTERS, rubric

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("RUBRIC_SHARED", ROOT.parent / "shared"))
SHAPES = {"tiny": (2, 128, 2), "MiniLM": (6, 384, 12), "small": (1, 16, 2)}

csv.field_size_limit(1 << 30)


class Inputs:
    def __init__(self, directory):
        self.directory = Path(directory)
        essays, vocabulary = SHARED / "data/essays.csv", SHARED / "models/bert-base-uncased-vocab/vocab.txt"
        self.shared = essays.exists() and vocabulary.exists()
        self.vocabulary = vocabulary if self.shared else ROOT / "lib/default/vocab.txt"
        self.vocabulary_size = sum(1 for _ in open(self.vocabulary, encoding="utf-8"))
        with open(essays if self.shared else ROOT / "examples/essays.csv", newline="", encoding="utf-8") as file:
            self.rows = [(row["content"], row["score"]) for row in csv.DictReader(file)]
        random.Random(1).shuffle(self.rows)
        self.made = {}

    def once(self, name, make):
        """The file or directory called `name`, made by make(path) when it is first asked for."""
        if name not in self.made:
            path = self.directory / name
            make(path)
            self.made[name] = path
        return self.made[name]

    # ---- Texts ----

    def essays(self, count):
        """CSV of that many essays, repeated if there are fewer."""
        return self.once(f"essays{count}.csv", lambda path: write_csv(path, (self.rows[i % len(self.rows)]
                                                                             for i in range(count))))

    def sentences(self, count):
        """CSV of runs of words from the essays that make about 5 to 40 tokens."""
        def make(path):
            draw, words = random.Random(2), [row[0].split() for row in self.rows]

            def sentence():
                essay, length = draw.choice(words), draw.randint(3, 31)
                start = draw.randrange(max(1, len(essay) - length))
                return " ".join(essay[start:start + length])

            write_csv(path, ((sentence(), draw.randint(1, 4)) for _ in range(count)))
        return self.once(f"sentences{count}.csv", make)

    # ---- Streams ----

    def stream(self, table):
        """The tokens of a CSV."""
        return self.once(table.name + ".tok", lambda path: rubric("tok", "-m", self.start("tiny"), table, "-o", path))

    def lines(self, stream):
        """The same as JSON Lines, for peers."""
        def make(path):
            with open(path, "wb") as file:
                rubric("show", "--json", stream, stdout=file)
        return self.once(stream.name + ".jsonl", make)

    def lengths(self, stream):
        """Tokens of each record."""
        lines = map(json.loads, open(self.lines(stream), encoding="utf-8"))
        return [len(line["ids"]) for line in lines if "ids" in line]

    # ---- Models ----

    def start(self, shape):
        """A model directory without weights: what fit starts from."""
        def make(path):
            path.mkdir()
            layers, hidden, heads = SHAPES[shape]
            config = json.loads((ROOT / "lib/default/config.json").read_text(encoding="utf-8"))
            config.update(vocab_size=self.vocabulary_size, num_hidden_layers=layers, hidden_size=hidden,
                          num_attention_heads=heads, intermediate_size=4 * hidden)
            (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
            shutil.copy(self.vocabulary, path / "vocab.txt")
            shutil.copy(ROOT / "lib/default/tokenizer_config.json", path)
        return self.once(shape + ".start", make)

    def model(self, shape, pool):
        """A model directory with a [CLS] or mean head, after one step of training."""
        return self.once(f"{shape}.{pool}", lambda path: rubric(
            "fit", "-m", self.start(shape), "--pool", pool, "--loss", "ce", "--select", "none", "--max-steps", 1, "-o", path,
            self.stream(self.essays(16))))


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("content", "score"))
        writer.writerows(rows)


def text_bytes(table):
    """Bytes of all texts of a CSV."""
    with open(table, newline="", encoding="utf-8") as file:
        return sum(len(row["content"].encode()) for row in csv.DictReader(file))


def arithmetic(lengths, shape, one_query, training=False, layers=None):
    """Floating-point operations that nobody can do without: no padding, and under a [CLS] head one query in the last layer."""
    depth, hidden, heads = SHAPES[shape]
    depth = layers or depth
    matrices = 2 * (4 * hidden * hidden + 2 * hidden * 4 * hidden)
    total = 0
    for tokens in lengths:
        full = tokens * matrices + 4 * tokens * tokens * hidden
        single = 4 * tokens * hidden * heads + matrices
        total += (depth - 1) * full + single if one_query else depth * full
    return 3 * total if training else total
