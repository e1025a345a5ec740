#!/usr/bin/env python3
"""WordPiece on one thread, in process: rubric beside nanotoken and Hugging Face tokenizers, interleaved.

usage: wordpiece.py BUILDDIR [ESSAYS.csv [VOCAB.txt [ROUNDS]]]

Prints the median MB/s of UTF-8 text of each, and rubric's ratio to it."""
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import nanotoken
from tokenizers import BertWordPieceTokenizer

shared = Path(os.environ.get("RUBRIC_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
build = Path(sys.argv[1])
essays = sys.argv[2] if len(sys.argv) > 2 else shared / "data/essays.csv"
vocabulary = str(sys.argv[3] if len(sys.argv) > 3 else shared / "models/bert-base-uncased-vocab/vocab.txt")
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
csv.field_size_limit(1 << 30)
with open(essays, newline="", encoding="utf-8") as file:
    texts = [row["content"] for row in csv.DictReader(file)]
megabytes = sum(len(text.encode()) for text in texts) / 1e6


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


rates = {name: [] for name in ("rubric first", "rubric again", "nanotoken first", "nanotoken again", "Hugging Face")}
with tempfile.TemporaryFile() as packed:
    for text in texts:
        data = text.encode()
        packed.write(len(data).to_bytes(4, sys.byteorder) + data)
    for i in range(rounds):
        packed.seek(0)
        result = subprocess.run([build / "bench/tokenize", vocabulary, "1"], stdin=packed, capture_output=True,
                                check=True, text=True).stdout.split()
        rates["rubric first"].append(float(result[0]))
        rates["rubric again"].append(float(result[1]))
        nano = nanotoken.Tokenizer(vocabulary)
        rates["nanotoken first"].append(megabytes / seconds(lambda: nano.encode_batch(texts, parallel=False)))
        rates["nanotoken again"].append(
            megabytes / min(seconds(lambda: nano.encode_batch(texts, parallel=False)) for _ in range(3)))
        if i == 0:
            real = BertWordPieceTokenizer(vocabulary, lowercase=True)._tokenizer
            rates["Hugging Face"].append(megabytes / seconds(lambda: real.encode_batch_fast(texts)))
median = {name: statistics.median(values) for name, values in rates.items()}
for pace in ("first", "again"):
    mine = median[f"rubric {pace}"]
    print(f"WordPiece, {pace:5}: rubric {mine:7.1f} MB/s"
          f"  nanotoken {median[f'nanotoken {pace}']:7.1f} ({mine / median[f'nanotoken {pace}']:.2f}x)"
          f"  Hugging Face {median['Hugging Face']:5.1f} ({mine / median['Hugging Face']:.0f}x)")
