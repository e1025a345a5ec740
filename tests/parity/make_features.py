#!/usr/bin/env python3
"""Writes tests/fixtures/features.jsonl: texts and their features, by a slow twin of lib/text/features.c.

usage: make_features.py

The twin follows the words of lib/text/features.h with Python's own Unicode tables, regular expressions and statistics;
ids are Hugging Face's for tests/fixtures/tokenizer/vocab.txt, placeholders dropped.  Says whether the file changed."""
import csv
import json
import math
import random
import re
import statistics
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
VERSION = 1
NAMES = """words words_root types types_root types_log word_length word_length_deviation type_length long_words
    sentence_length sentence_deviation short_sentences commas colons quotes questions lower_starts missing_blanks
    inner_capitals single_characters numbers placeholders broken_entries entry_pieces""".split()

PLACEHOLDER = re.compile(r"@(?:PERSON|ORGANIZATION|LOCATION|DATE|TIME|MONEY|PERCENT|MONTH|EMAIL|NUM|CAPS|DR|CITY|STATE)"
                         r"(?P<digits>[0-9]*)(?P<clings>[A-Za-z]*(?:['\u2019][A-Za-z]+)?)")
STAND_IN = "\ue000"  # for a placeholder: private use is taken out of texts
ENDS = ".!?\u2026\u203d\u061f\uff01\uff1f\u0589\u06d4\u0964\u0965\u1362\u3002\uff0e\uff61"
COMMAS = ",\u060c\u3001\uff0c\uff64"
COLONS = ";:\u061b\uff1a\uff1b"
QUOTES = "\"«»\u201c\u201d\u201e\u300c\u300d\u300e\u300f"
QUESTIONS = "!?\u203d\u061f\uff01\uff1f"
SPACED = ".,;:!?\u2026"
DIGITS = "0123456789"


def placeholders_replaced(text, by):
    out, at, before = "", 0, 0
    while at < len(text):
        found = PLACEHOLDER.match(text, at)
        if found:
            bare = not found["digits"]
            behind = text[found.end("digits"):found.end("digits") + 1]
            address = at > before and re.match(r"[A-Za-z0-9._+-]", text[at - 1])
            if behind == "_" or (bare and (re.match("[A-Za-z]", behind) or address)):
                found = None
        if found:
            out += by
            at = before = found.end()
        else:
            out += text[at]
            at += 1
    return out


def removed(c):
    return c == "\ufffd" or (unicodedata.category(c)[0] == "C" and c not in "\t\n\r")


def kind(c):
    if c == STAND_IN:
        return "p"
    if unicodedata.name(c, "").startswith("CJK UNIFIED IDEOGRAPH") or \
            unicodedata.name(c, "").startswith("CJK COMPATIBILITY IDEOGRAPH"):
        return "c"
    if unicodedata.category(c)[0] in "LM" or unicodedata.category(c) in ("Nd", "Nl", "Pc"):
        return "w"
    return "a" if c in "'\u2019" else "x"


def units(text):
    """(kind, characters) of words (w), Chinese characters (c), placeholders (p) and single other characters (x)."""
    text = placeholders_replaced(text.replace(STAND_IN, ""), STAND_IN)
    text = "".join(c for c in text if c == STAND_IN or not removed(c))
    kinds = "".join(map(kind, text))
    return [(kinds[m.start()].replace("a", "x"), text[m.start():m.end()])
            for m in re.finditer("w(?:a?w)*|.", kinds, re.S)]


def length(word):
    return sum(c not in "'\u2019" and unicodedata.category(c) != "Mn" for c in word)


def capital(word):
    return word[0].lower() != word[0]


def share(a, b):
    return a / b if b else 0.0


def entries(pieces):
    found, now = [], None
    for piece in pieces:
        if piece.startswith("##") and piece != "##":
            if now is not None:
                now.append(piece)
        else:
            now = [piece] if kind(piece[0]) in "wc" and piece[0] not in DIGITS else None
            if now:
                found.append(now)
    return set(map(tuple, found))


def features(text, pieces):
    parts = units(text)
    sentences, missing = [[]], 0
    for i, (what, characters) in enumerate(parts):
        before, after = (parts[i - 1] if i else ("x", " ")), (parts[i + 1] if i + 1 < len(parts) else ("x", " "))
        number = before[1][-1] in DIGITS and after[1][0] in DIGITS
        if what != "x":
            sentences[-1].append((what, characters))
        elif characters in ENDS and not (characters == "." and number):
            sentences.append([])
        missing += what == "x" and characters in SPACED and after[0] != "x" and not number
    sentences = [s for s in sentences if s]
    words = [word for s in sentences for word in s]
    spelled = [word for what, word in words if what != "p"]
    types = {"".join(c.lower() for c in word).replace("\u2019", "'") for word in spelled}
    first = [s[0][1] for s in sentences if s[0][0] != "p"]
    inner = [word for s in sentences for what, word in s[1:] if what != "p"]
    lengths, sizes = [length(word) for word in spelled], [len(s) for s in sentences]
    marks = [characters for what, characters in parts if what == "x"]
    known = entries(pieces)
    W, N, D, S = len(words), len(spelled), len(types), len(sentences)

    def per_word(which):
        return share(sum(mark in which for mark in marks), W)

    return [math.log(1 + W), W ** 0.25, math.log(1 + D), share(D, math.sqrt(N)), share(math.log(1 + D), math.log(1 + N)),
            share(sum(lengths), N), statistics.pstdev(lengths) if N else 0.0, share(sum(map(length, types)), D),
            math.sqrt(sum(n > 6 for n in lengths)), math.log(1 + share(W, S)), statistics.pstdev(sizes) if S else 0.0,
            share(sum(n < 6 for n in sizes), S), per_word(COMMAS), per_word(COLONS), per_word(QUOTES),
            per_word(QUESTIONS), share(sum(not capital(w) and w[0] not in DIGITS for w in first), S), share(missing, W),
            share(sum(capital(w) and length(w) > 1 for w in inner), W), share(sum(n == 1 for n in lengths), W),
            share(sum(w[0] in DIGITS for w in spelled), W), share(W - N, W),
            share(sum(len(e) > 1 for e in known), len(known)), share(sum(map(len, known)), len(known))]


FIXED = [
    "", " \n", "Word", "...", "?!", "'", "''a''", "a", "1", "@CAPS1", "@CAPS1's @DATE.", "bob@CITY.com and @DR_WHO, @TIMES.",
    "@PERSON1\u2019s dog ate @NUM1k,@MONTH2 ago.The @LOCATION1@NUM2 end", "x@CAPS1y 'z@CAPS2'@CAPS3't", "@CAPS1's@DATE",
    "I can't, don't and WON\u2019T. Don\u2019t! won't", "rock 'n' roll 'tis 90's ''quoted'' o''clock", "snake_case __init__ a_1",
    "It costs 3.50, or 1,000 at 10:30.Then 5.Six 7,eight 9 .10 a.b.c U.S.A.", "one.two!three?four,five;six:seven\u2026eight",
    "No end here", "One. Two three. Four five six seven eight nine. ten", "Hi!!! What?! So... \"no\" \u201cyes\u201d \u00abja\u00bb",
    "the The THE tHe. iPhone McDonald NASA I A b", "cafe\u0301 caf\u00e9 CAFE\u0301 na\u00efve e\u0301 \u0301 \u0301a", "co\u00adop zero\u200bwidth a\u200d'\u200db",
    "\u0418\u0432\u0430\u043d \u0438 \u041c\u0430\u0440\u044c\u044f. \u043e\u043d\u0438 \u043f\u043e\u0448\u043b\u0438!", "\u6211\u5f88\u597d\u3002\u4f60\u5462\uff1f\u5f88\u597d\uff0cabc\u4e2d", "\u0645\u0631\u062d\u0628\u0627\u060c \u0643\u064a\u0641\u061f \u0628\u062e\u064a\u0631\u06d4 \u061b",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0939\u0948\u0964 \u0915\u094d\u092f\u093e\u0965", "\u300c\u304b\u306a\u300d\u3001\u30ab\u30ca\uff01\uff1b", "Stra\u00dfe \u0130stanbul \u01c5ep \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3", "tab\tnew\nline\r\n\x00nul \ufffd gone \ue000private",
    "extraordinarily unbelievable librarians disagreeably; a:b \u203d end", "5 apples. 6th place. 7", "a b c d e f. a b c d e. a b c d",
]
SYLLABLES = ["the", "Library", "censor", "ship", "I", "don't", "\u00e9t\u00e9", "\u4e2d", "7", "42", "@CAPS1", "@PERSON2's", "x", "Books", "_", "\u0301", "\u00ad"]
BETWEEN = [" ", " ", " ", " ", ", ", ". ", ".", ",", "? ", "!", "'", "\u2019", "\"", "; ", ":", "\u2026", "\n", "-", "", "\u3002"]


def texts():
    yield from FIXED
    for marks in (ENDS, COMMAS, COLONS, QUOTES, QUESTIONS, SPACED):
        yield "".join("a" + mark + "b " for mark in marks)
    with open(ROOT / "examples" / "essays.csv", newline="", encoding="utf-8") as file:
        yield from [row["content"] for row in csv.DictReader(file)][::17]
    draw = random.Random(24)
    for _ in range(60):
        yield "".join(draw.choice(SYLLABLES) + draw.choice(BETWEEN) for _ in range(draw.randint(1, 40)))


def main():
    vocabulary = (FIXTURES / "tokenizer" / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    lines = [json.dumps({"version": VERSION, "names": NAMES})]
    for text in texts():
        encoded = tokenizer.encode(placeholders_replaced(text, ""))
        lines.append(json.dumps({"text": text, "ids": encoded.ids, "features": features(text, encoded.tokens)}))
    where, made = FIXTURES / "features.jsonl", "\n".join(lines) + "\n"
    print("unchanged" if where.exists() and where.read_text() == made else "changed", where.relative_to(ROOT), len(lines) - 1)
    where.write_text(made)


main()
