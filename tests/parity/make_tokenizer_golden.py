#!/usr/bin/env python3
"""Writes tests/fixtures/tokenizer/: a small vocabulary, texts with Hugging Face's ids, hashes over all code points.

usage: make_tokenizer_golden.py BUILDDIR

The vocabulary is trained by `vocab` on examples/essays.csv; the characters of the texts are added, so that
little hides behind [UNK].  Prints which files changed."""
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

ROOT = Path(__file__).resolve().parents[2]
WHERE = ROOT / "tests" / "fixtures" / "tokenizer"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
FORMS = [(lower, strip, chinese) for lower in (True, False) for strip in (True, False) for chinese in (True, False)]
BLOCK = 4096

FIXED = [
    "", " ", "\t\r\n ", "The library.", "don't e-mail me@home.org!", "UPPER lower Title", "naïve café Ångström coöperate",
    "Straße ẞ İstanbul ıI ΣΊΣΥΦΟΣ ΟΔΟΣ", "a\u0301b\u0327\u0301c\u0301\u0327", "\u0301", "x\u0301", "q\u0323\u0307 q\u0307\u0323",
    "中文字abc漢字", "カタカナ ひらがな が ガ ｶﾞ", "한국어 한글", "русский Ёлка й", "עִבְרִית عَرَبِيّ", "हिन्दी ক্ষ தமிழ்", "ไทย ລາວ",
    "a\x00b\x01c\x7fd\x85e\ufffdf\u200bg\u00adh\ufeffi", "a\u00a0b\u2003c\u3000d\u2028e\x0bf\x0cg", "😀👍🏽👨‍👩‍👧 ok 🇩🇪",
    "[CLS] a [SEP] b [MASK][PAD][UNK]", "[sep] [ SEP] [SEP", "x[SEP]y", "[[MASK]]", "##ing ## # #1", "a" * 100, "a" * 101,
    "é" * 100, "é" * 101, "a\u0301" * 100 + " " + "a\u0301" * 51, "ﬁne ﬀ Ⅳ ² ½ ㎏", "“quoted” ‘single’ – — … «»", "$5 + 3 = 8 ^ ` | ~ €9 £1 ¢",
    "\ue000\U000f0000", "豈更車 \U0002f800\U0002f81a", "𠀀𪜀𫝀𫠠 ㈱", "\u302e\u302fa\u302e\U0001d165", "a\u302e\u034f\U0001d165 \U0001d165\u034f\u302e", "\U0001d15e \U0001d1bb", "Å Ω K \u212b\u2126\u212a",
    "ǅ ǈ ǋ ǲ", "Ꭰ ꭰ Ა ა", "𐐀𐐨 𝐀𝒜", "mixed中a国B文É", "tab\tnew\nline", "...!!!???", "word" * 30, "a.b.c.d", "1,234.56%",
]
SCRIPTS = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x4FF), (0x590, 0x6FF), (0x900, 0x9FF), (0xE00, 0xFFF),
           (0x1100, 0x11FF), (0x1E00, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x4EFF), (0xAC00, 0xACFF), (0xF900, 0xFA20),
           (0xFF00, 0xFFFF), (0x1D160, 0x1D175), (0x1F600, 0x1F64F)]


def texts():
    draw = random.Random(20)
    yield from FIXED
    for _ in range(120):
        parts = []
        for _ in range(draw.randint(1, 5)):
            low, high = draw.choice(SCRIPTS)
            parts.append("".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 6))))
            parts.append(draw.choice(["", " ", "the ", "Library", "'s ", ", "]))
        yield "".join(parts)


def tokenizer(pieces, lower, strip, chinese):
    made = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=chinese, strip_accents=strip,
                                                 lowercase=lower)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(SPECIAL)
    return made


def vocabulary(build, all_texts):
    with tempfile.NamedTemporaryFile() as trained:
        subprocess.run([build / "libexec/rubric/vocab", "-q", "--cased", "--size", "1200", "-o", trained.name,
                        ROOT / "examples/essays.csv"], check=True)
        pieces = Path(trained.name).read_text().split("\n")[:-1]
    seen = set()
    for lower, strip, chinese in FORMS:
        normalize = tokenizer(pieces, lower, strip, chinese).normalizer.normalize_str
        for text in all_texts:
            seen |= set(normalize(text)) - set(" ")
    for prefix in ("", "##"):
        pieces += sorted(prefix + c for c in seen if prefix + c not in pieces)
    return pieces


def code_points(lower, strip, chinese):
    """A hash for each block of code points over the words that BERT sees in "a", the character, "b", and it alone."""
    made = tokenizer(SPECIAL, lower, strip, chinese)
    for first in range(0, 0x110000, BLOCK):
        words = hashlib.sha256()
        for point in range(first, first + BLOCK):
            if 0xD800 <= point < 0xE000:
                continue
            normal = made.normalizer.normalize_str(f"a{chr(point)}b {chr(point)}")
            for word, _ in made.pre_tokenizer.pre_tokenize_str(normal):
                words.update(word.encode() + b"\n")
        yield f"{lower:d}{strip:d}{chinese:d} {first:06x} {words.hexdigest()}\n"


def write(name, text):
    path = WHERE / name
    old = path.read_text() if path.exists() else None
    print(name, "unchanged" if old == text else "changed" if old else "new")
    path.write_text(text, newline="\n")


def main():
    WHERE.mkdir(parents=True, exist_ok=True)
    all_texts = list(texts())
    pieces = vocabulary(Path(sys.argv[1]), all_texts)
    write("vocab.txt", "".join(piece + "\n" for piece in pieces))
    lines = []
    for lower, strip, chinese in FORMS:
        made = tokenizer(pieces, lower, strip, chinese)
        for text in all_texts:
            ids = made.encode(text, add_special_tokens=False).ids
            lines.append(json.dumps(dict(lower=lower, strip=strip, chinese=chinese, text=text, ids=ids)) + "\n")
    write("ids.jsonl", "".join(lines))
    write("code_points.txt", "".join(line for form in ((True, True, True), (True, False, False), (False, True, False),
                                                       (False, False, True)) for line in code_points(*form)))


main()
