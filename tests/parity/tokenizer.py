#!/usr/bin/env python3
"""Token ids against Hugging Face's: every code point, mixed scripts, special tokens, the files of directories.

usage: tokenizer.py BUILDDIR [quick]

$RUBRIC_SHARED (default: ../shared beside the checkout) holds data/essays.csv and models/*/vocab.txt, real essays and
BERT's vocabularies, which are not part of the project.  If it is empty, the project's own essays and vocabulary stand in.
With "quick", fewer generated strings and code points."""
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertTokenizerFast
from transformers.utils import logging

logging.set_verbosity_error()
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else "build")
QUICK = "quick" in sys.argv[2:]
ROOT = Path(__file__).resolve().parents[2]
SHARED = os.environ.get("RUBRIC_SHARED", str(ROOT.parent / "shared"))
ESSAYS = Path(SHARED) / "data" / "essays.csv" if SHARED else ROOT / "examples" / "essays.csv"
VOCABULARIES = {case: Path(SHARED) / "models" / f"bert-base-{case}-vocab" / "vocab.txt" if SHARED else
                ROOT / "lib" / "default" / "vocab.txt" for case in ("uncased", "cased")}
POINTS = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
failures = 0


def ours(arguments, texts):
    """Ids of each text by rubric, as one flat array and the counts."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as result:
        for text in texts:
            data = text.encode()
            source.write(len(data).to_bytes(4, sys.byteorder) + data)
        source.seek(0)
        subprocess.run([BUILD / "parity" / "encode", *arguments], stdin=source, stdout=result, check=True)
        result.seek(0)
        return np.frombuffer(result.read(), dtype=np.int32)


def theirs(tokenizer, texts):
    flat = []
    for first in range(0, len(texts), 10000):
        for encoding in tokenizer.encode_batch_fast(texts[first:first + 10000], add_special_tokens=False):
            ids = encoding.ids
            flat.append(len(ids))
            flat += ids
    return np.array(flat, dtype=np.int32)


def compare(name, arguments, tokenizer, texts):
    global failures
    got, want = ours(arguments, texts), theirs(tokenizer, texts)
    different = 0
    if not np.array_equal(got, want):
        i = j = 0
        for text in texts:
            a, b = got[i:i + 1 + got[i]], want[j:j + 1 + want[j]]
            i, j = i + len(a), j + len(b)
            if not np.array_equal(a, b):
                different += 1
                if different <= 5:
                    print(f"  {text[:200]!r}\n    ours   {a[1:40].tolist()}\n    theirs {b[1:40].tolist()}")
    failures += different
    print(f"{name}: {len(texts)} texts, {len(want) - len(texts)} ids, {different} differ", flush=True)


def write_directory(directory, pieces, **config):
    Path(directory).mkdir(exist_ok=True)
    (Path(directory) / "vocab.txt").write_text("\n".join(pieces) + "\n", newline="\n")
    (Path(directory) / "tokenizer_config.json").write_text(json.dumps(config))


def backend(pieces, lower, strip, chinese):
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=chinese,
                                                      strip_accents=strip, lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([piece for piece in SPECIAL if piece in pieces[:200]])
    return tokenizer


SCRIPTS = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x36F), (0x300, 0x345), (0x370, 0x3FF), (0x400, 0x52F),
           (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0xF00, 0xFFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF),
           (0x2000, 0x206F), (0x20A0, 0x20F0), (0x2100, 0x21FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
           (0xE000, 0xE010), (0xF900, 0xFAFF), (0xFE00, 0xFFFF), (0x1D160, 0x1D175), (0x1F300, 0x1F6FF),
           (0x2F800, 0x2FA1D), (0xE0100, 0xE01EF), (0, 0x1F), (0x7F, 0x9F)]
MARKS = [p for p in POINTS if 0x300 <= p < 0x1F000 and normalizers.NFD().normalize_str(chr(p) + "\u0334") !=
         chr(p) + "\u0334"][:500] + [0x302E, 0x302F, 0x1D165, 0x1D16D, 0x1E000, 0x34F]
WORDS = "the library should Remove books WORLD naïve Straße İstanbul ΣΊΣΥΦΟΣ école don't e-mail #1 ##ing İ ﬁ".split()


def generated(count, seed):
    """Mixed scripts; long words, runs of marks, typed special tokens."""
    draw = random.Random(seed)
    for _ in range(count):
        parts = []
        for _ in range(draw.randint(1, 8)):
            kind = draw.random()
            if kind < .35:
                low, high = draw.choice(SCRIPTS)
                parts.append("".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 12))))
            elif kind < .6:
                parts.append(draw.choice(WORDS))
            elif kind < .75:
                parts.append("".join(chr(draw.choice(MARKS)) for _ in range(draw.randint(1, 6))))
            elif kind < .85:
                parts.append(draw.choice(SPECIAL + ["[sep]", "[SEP", "[[SEP]]", "SEP]"]))
            elif kind < .88:
                parts.append(draw.choice(["a", "é", "е", "中", "\u0301", "ab\u200b"]) * draw.choice([31, 50, 99, 100, 101]))
            else:
                parts.append(draw.choice([" ", "\t", "\n", "\u00a0", "\u3000", "\x00", "\ufffd", "\u200d", ". ", ","]))
            if draw.random() < .3:
                parts.append(" ")
        yield "".join(parts)


def code_points(work):
    """A vocabulary in which every code point is a piece, so that nothing hides behind [UNK]."""
    pieces = SPECIAL + [chr(p) for p in POINTS if chr(p) not in "\n\r"]
    pieces += ["##" + piece for piece in pieces[5:]]
    step = 7 if QUICK else 1
    texts = [f"{chr(p)} a{chr(p)}b" for p in POINTS[::step]]
    strings = list(generated(5000 if QUICK else 50000, 1))
    for lower in (True, False):
        for strip in (None, True, False):
            if (lower, strip) in ((True, True), (False, False)):
                continue  # what null means, tried with null
            for chinese in (True, False) if lower and strip is None else (True,):
                write_directory(work, pieces, do_lower_case=lower, strip_accents=strip, tokenize_chinese_chars=chinese)
                name = f"lower {lower}, strip {strip}, chinese {chinese}"
                tokenizer = backend(pieces, lower, strip, chinese)
                compare(f"code points, {name}", [work], tokenizer, texts)
                compare(f"generated, {name}", [work], tokenizer, strings)


def real_vocabularies(work):
    strings = list(generated(5000 if QUICK else 60000, 2))
    csv.field_size_limit(1 << 30)
    with open(ESSAYS, newline="", encoding="utf-8") as file:
        essays = [row["content"] for row in csv.DictReader(file)]
    for case, lower in (("uncased", True), ("cased", False)):
        pieces = VOCABULARIES[case].read_text().split("\n")[:-1]
        for strip in (None, not lower):
            write_directory(work, pieces, do_lower_case=lower, strip_accents=strip)
            real = BertTokenizerFast.from_pretrained(work)._tokenizer
            compare(f"essays, {case}, strip {strip}", [work], real, essays)
            compare(f"generated, {case}, strip {strip}", [work], real, strings)
            compare(f"bare vocabulary, {case}", [str(Path(work) / "vocab.txt"), case],
                    backend(pieces, lower, None, True), essays[:200] + strings[:1000])


ADDED = [
    {}, {"single_word": True}, {"normalized": True}, {"normalized": True, "single_word": True},
    {"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True, "normalized": True},
    {"special": True}, {"special": True, "normalized": True},
]


def added_tokens(work):
    """Added tokens with each flag, read from tokenizer.json and from tokenizer_config.json."""
    pieces = SPECIAL + list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!é[]<>") + ["New", "new", "中"]
    pieces += ["##" + piece for piece in pieces[5:]]
    contents = ["New", "newé", "<ctl>", "a b", "[SEP] [SEP]", "É", "b", "中c", " x"]
    draw = random.Random(3)
    bits = contents + SPECIAL + ["new", "NEW", "é", " ", "  ", "a", "B", "_", ".", "中", "\u0301", "\n", "x", "zz", "ew"]
    texts = ["".join(draw.choice(bits) for _ in range(draw.randint(1, 9))) for _ in range(3000)]
    for n, flags in enumerate(ADDED):
        write_directory(work, pieces, do_lower_case=n % 2 == 0)
        usual = dict(lstrip=False, rstrip=False, single_word=False, normalized=False, special=False)
        tokens = {str(len(pieces) + i): dict(usual, content=c, **flags) for i, c in
                  enumerate(c for c in contents if c not in pieces)}
        tokens |= {str(pieces.index(c)): dict(usual, content=c, **flags) for c in ("New", "b")}
        write_directory(work, pieces, do_lower_case=n % 2 == 0, added_tokens_decoder=tokens)
        real = BertTokenizerFast.from_pretrained(work)
        compare(f"added tokens {flags}, tokenizer_config.json", [work], real._tokenizer, texts)
        write_directory(work, pieces, do_lower_case=n % 2 == 0)
        real._tokenizer.save(str(Path(work) / "tokenizer.json"))
        compare(f"added tokens {flags}, tokenizer.json", [work], real._tokenizer, texts)
        (Path(work) / "tokenizer.json").unlink()
    for config in ({"unk_token": "x"}, {"unk_token": dict(content="x", normalized=True, special=True, __type="AddedToken")},
                   {"additional_special_tokens": ["New", "b"]}, {"extra_special_tokens": ["New"]},
                   {"sep_token": "b", "mask_token": dict(content="[MASK]", lstrip=True, __type="AddedToken")}):
        write_directory(work, pieces, **config)
        compare(f"{config}", [work], BertTokenizerFast.from_pretrained(work)._tokenizer, texts)


with tempfile.TemporaryDirectory() as work:
    missing = [str(path) for path in (ESSAYS, *VOCABULARIES.values()) if not path.exists()]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}: set RUBRIC_SHARED to where they are, or to nothing")
    print(f"tokenizer: essays of {ESSAYS}, vocabularies {', '.join(str(path) for path in VOCABULARIES.values())}")
    added_tokens(work)
    real_vocabularies(work)
    code_points(work)
print("tokenizer:", f"{failures} texts differ" if failures else "all equal")
sys.exit(failures > 0)
