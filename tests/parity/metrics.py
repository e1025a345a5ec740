"""Holds evalm against scikit-learn.

    python tests/parity/metrics.py BUILD              random cases, compared figure by figure
    python tests/parity/metrics.py --golden DIR       makes DIR/*.json again, printing what changed
"""
import json
import math
import os
import random
import subprocess
import sys
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.filterwarnings("ignore")


def null(x):
    return None if x is None or (isinstance(x, float) and math.isnan(x)) else float(x)


def expected(case):
    """The figures of one case by scikit-learn (and by numpy where it has none)."""
    labels, y, pred = case["labels"], case["y"], case["pred"]
    ordered = case["ordered"]
    place = {label: i for i, label in enumerate(labels)}
    # scikit-learn takes no fractions for classes, so they go to it as places
    true, guess, all_places = [place[v] for v in y], [place[v] for v in pred], list(range(len(labels)))
    met = sorted(set(true) | set(guess))
    # macro F1 is the mean over classes that occur, in truth or prediction: scikit-learn's default
    out = {
        "n": len(y),
        "accuracy": sk.accuracy_score(true, guess),
        "majority": max(y.count(label) for label in labels) / len(y),
        "balanced_accuracy": sk.balanced_accuracy_score(true, guess),
        "macro_f1": sk.f1_score(true, guess, labels=met, average="macro"),
        "weighted_f1": sk.f1_score(true, guess, labels=met, average="weighted"),
        "kappa": null(sk.cohen_kappa_score(true, guess, labels=all_places)),
        "confusion": sk.confusion_matrix(true, guess, labels=all_places).tolist(),
        "qwk": None, "adjacent": None, "mae": None, "pearson": None, "rmse": None, "pearson_score": None,
        "log_loss": None, "brier": None, "rps": None, "calibration": None,
    }
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        true, guess, labels=all_places, zero_division=np.nan)
    out["classes"] = [
        {"label": label, "precision": null(p), "recall": null(r), "f1": null(f), "support": int(s)}
        for label, p, r, f, s in zip(labels, precision, recall, f1, support)]
    if ordered:
        values = (lambda run: np.array([v if isinstance(v, (int, float)) else place[v] for v in run], float))
        a, b = values(y), values(pred)
        out["qwk"] = null(sk.cohen_kappa_score(true, guess, labels=all_places, weights="quadratic"))
        out["adjacent"] = float(np.mean(np.abs(np.array(true) - np.array(guess)) <= 1))
        out["mae"] = sk.mean_absolute_error(a, b)
        out["pearson"] = null(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else None
        if case["score"]:
            s = np.array(case["score"])
            out["rmse"] = math.sqrt(sk.mean_squared_error(a, s))
            out["pearson_score"] = null(np.corrcoef(a, s)[0, 1]) if a.std() > 0 and s.std() > 0 else None
    if case["prob"]:
        prob = np.array(case["prob"])
        truth = np.array(true)
        onehot = np.eye(len(labels))[truth]
        out["log_loss"] = sk.log_loss(truth, prob, labels=all_places)
        out["brier"] = sk.brier_score_loss(truth, prob, labels=all_places, scale_by_half=False)
        confidence, right = prob.max(1), prob.argmax(1) == truth
        bins = np.clip(np.ceil(confidence * 10).astype(int) - 1, 0, 9)
        out["calibration"] = float(sum(abs((confidence - right)[bins == b].sum()) for b in range(10)) / len(y))
        if ordered:
            cuts = np.cumsum(prob, 1)[:, :-1] - np.cumsum(onehot, 1)[:, :-1]
            out["rps"] = float(np.mean(np.mean(cuts ** 2, 1)))
    return out


def make_case(rng, name, labels, ordered, n, truth=None, guess=None, prob=True, score=True):
    y = [rng.choice(truth or labels) for _ in range(n)]
    pred = [rng.choice(guess or labels) if rng.random() < 0.5 else v for v in y]
    if guess:
        pred = [v if v in guess else rng.choice(guess) for v in pred]
    rows = []
    for p in pred:
        row = [rng.random() ** 3 + (1 if label == p else 0) for label in labels]
        rows.append([x / sum(row) for x in row])
    place = {label: i for i, label in enumerate(labels)}
    number = lambda v: v if isinstance(v, (int, float)) else place[v]
    return {
        "name": name, "labels": labels, "ordered": ordered, "y": y, "pred": pred,
        "prob": rows if prob and len(labels) > 1 else None,
        "score": [number(p) + rng.gauss(0, 0.3) for p in pred] if score and ordered else None,
    }


def cases(seed, many):
    rng = random.Random(seed)
    five = [1, 2, 3, 4, 5]
    words = ["poor", "fair", "good", "excellent"]
    yield make_case(rng, "five", five, True, 60)
    yield make_case(rng, "constant", five, True, 40, guess=[3])
    yield make_case(rng, "constant-truth", five, True, 40, truth=[2])
    yield make_case(rng, "single", [1, 2, 3], True, 12, truth=[2], guess=[2])
    yield make_case(rng, "one-class", [7], True, 5, prob=False)
    yield make_case(rng, "never-seen", list(range(0, 11)), True, 50, truth=[2, 3, 4], guess=[3, 4, 9])
    yield make_case(rng, "grid", [1, 1.5, 2, 2.5, 4], True, 50)
    yield make_case(rng, "words", words, True, 50)
    yield make_case(rng, "unordered", ["x y", "ü", "\"q\"", "a,b"], False, 50)
    yield make_case(rng, "one-record", five, True, 1)
    for i in range(many):
        k = rng.randint(2, 9)
        kind = rng.randrange(3)
        labels = ([f"c{j}" for j in range(k)] if kind == 0 else sorted(rng.sample(range(-5, 30), k)) if kind == 1
                  else sorted(rng.sample([x / 2 for x in range(-10, 30)], k)))
        if kind == 2 and all(v == int(v) for v in labels):
            labels[0] -= 0.25
        truth = rng.sample(labels, rng.randint(1, k))
        guess = rng.sample(labels, rng.randint(1, k)) if rng.random() < 0.5 else None
        ordered = kind > 0 or rng.random() < 0.5
        yield make_case(rng, f"random {i}", labels, ordered, rng.randint(1, 200), truth, guess,
                        rng.random() < 0.7, rng.random() < 0.7)


def lines(case):
    """The case as JSON Lines for `show --pack`."""
    labels = case["labels"]
    y = ("string" if isinstance(labels[0], str) else
         "integer" if all(isinstance(v, int) for v in labels) else "number")
    yield {"rubric": 1, "kind": "predictions", "y": y, "labels": labels, "ordered": case["ordered"], "trail": []}
    for i, (truth, pred) in enumerate(zip(case["y"], case["pred"])):
        record = {"id": str(i), "y": truth, "pred": pred}
        if case["score"]:
            record["score"] = case["score"][i]
        if case["prob"]:
            record["prob"] = case["prob"][i]
        yield record
    yield {"end": len(case["y"])}


def difference(want, got, path=""):
    """The first place where two trees differ, or None."""
    if isinstance(want, dict):
        for key in want:
            if key not in got:
                return f"{path}.{key}: missing"
            found = difference(want[key], got[key], f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(want, list):
        if not isinstance(got, list) or len(want) != len(got):
            return f"{path}: {got} is not {want}"
        return next(filter(None, (difference(w, g, f"{path}[{i}]") for i, (w, g) in enumerate(zip(want, got)))), None)
    if isinstance(want, float) and isinstance(got, (int, float)):
        return None if abs(got - want) <= 1e-11 * (1 + abs(want)) else f"{path}: {got} is not {want}"
    return None if want == got else f"{path}: {got!r} is not {want!r}"


def evalm(build, case):
    filters = os.path.join(build, "libexec", "rubric")
    text = "".join(json.dumps(line) + "\n" for line in lines(case))
    stream = subprocess.run([os.path.join(filters, "show"), "--pack"], input=text.encode(), stdout=subprocess.PIPE,
                            check=True).stdout
    return json.loads(subprocess.run([os.path.join(filters, "evalm"), "--json"], input=stream,
                                     stdout=subprocess.PIPE, check=True).stdout)


def write_golden(directory):
    for case in cases(2026, 6):
        path = os.path.join(directory, case["name"].replace(" ", "-") + ".json")
        text = json.dumps({"lines": list(lines(case)), "expected": expected(case)}) + "\n"
        old = open(path).read() if os.path.exists(path) else ""
        if old != text:
            print(("changed: " if old else "new: ") + path)
            with open(path, "w") as file:
                file.write(text)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--golden":
        write_golden(sys.argv[2])
        return
    count = 0
    for case in cases(1, 200):
        found = difference(expected(case), evalm(sys.argv[1], case))
        if found:
            sys.exit(f"metrics: case '{case['name']}' {found}\n{json.dumps(case)}")
        count += 1
    print(f"metrics: {count} cases equal scikit-learn {__import__('sklearn').__version__}")


main()
