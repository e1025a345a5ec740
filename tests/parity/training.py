"""Twenty steps of the real `fit`, dropout off, against PyTorch: the loss of every step, the gradient's norm, and every
parameter afterwards, for cross-entropy and for squared error.

    python tests/parity/training.py BUILD

A batch holds all examples, so that their order does not matter.  Both start from the parameters of a model directory that
`fit` itself saved (one step at a vanishing rate), read through transformers' AutoModelForSequenceClassification.
"""
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

STEPS, RATE, WARMUP, DECAY, CLIP, HEAD_RATE = 20, 2e-3, 4, 0.05, 1.0, 3.0
WORDS = ("school book library censor think should because people read shelf movie music child parent offensive take away "
         "##s ##ing ##ed the a i it is to and of . ,").split()


def write_start(directory):
    """The vocabulary and shape of a small network of odd sizes; fit draws its weights."""
    os.mkdir(directory)
    with open(f"{directory}/vocab.txt", "w") as f:
        f.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS) + "\n")
    config = {"model_type": "bert", "vocab_size": 5 + len(WORDS), "hidden_size": 36, "num_hidden_layers": 3,
              "num_attention_heads": 3, "intermediate_size": 50, "hidden_act": "gelu", "max_position_embeddings": 40,
              "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0, "hidden_dropout_prob": 0.1,
              "attention_probs_dropout_prob": 0.1}
    with open(f"{directory}/config.json", "w") as f:
        json.dump(config, f)


def write_essays(path):
    draw = random.Random(5)
    with open(path, "w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(["content", "score"])
        words = [w for w in WORDS if not w.startswith("##")]
        for i in range(23):
            score = i % 4 + 1
            rows.writerow([" ".join(draw.choice(words[:6 * score]) for _ in range(draw.randint(1, 44))), score])


def run(build, line, directory):
    filters = os.path.join(os.path.abspath(build), "libexec", "rubric")
    environment = dict(os.environ, PATH=filters + os.pathsep + os.environ["PATH"])
    subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True, cwd=directory, env=environment)


def rate_at(step):
    return RATE * ((step + 1) / (WARMUP + 1) if step < WARMUP else (STEPS - step) / (STEPS - WARMUP))


def groups_of(model):
    for name, p in model.named_parameters():
        decays = p.dim() == 2
        head = name.startswith("classifier") or name.startswith("bert.pooler")
        yield {"params": [p], "weight_decay": DECAY if decays else 0.0, "factor": HEAD_RATE if head else 1.0}


def torch_run(directory, loss_name):
    """Loss and norm of each step, and the parameters at the end on the labels' own scale."""
    start = f"{directory}/start"
    model = AutoModelForSequenceClassification.from_pretrained(start).eval()
    tokenizer = AutoTokenizer.from_pretrained(start)
    texts, scores = zip(*[(row["content"], int(row["score"])) for row in csv.DictReader(open(f"{directory}/essays.csv"))])
    batch = tokenizer(list(texts), padding=True, truncation=True, max_length=40, return_tensors="pt")
    scores = torch.tensor(scores, dtype=torch.float64)
    centre, spread = scores.mean(), scores.std(unbiased=False)
    if loss_name == "mse":
        with torch.no_grad():
            model.classifier.weight /= spread
            model.classifier.bias.copy_((model.classifier.bias - centre) / spread)
    targets = ((scores - centre) / spread).float() if loss_name == "mse" else (scores - 1).long()
    optimizer = torch.optim.AdamW(list(groups_of(model)), lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    curve = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step) * group["factor"]
        logits = model(**batch).logits
        loss = torch.nn.functional.mse_loss(logits[:, 0], targets) if loss_name == "mse" else \
            torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        curve.append((loss.item(), norm.item()))
    if loss_name == "mse":
        with torch.no_grad():
            model.classifier.weight *= spread
            model.classifier.bias.copy_(model.classifier.bias * spread + centre)
    return curve, dict(model.named_parameters())


def differs(what, got, want, relative, absolute):
    error = (torch.as_tensor(got, dtype=torch.float64) - torch.as_tensor(want, dtype=torch.float64)).abs()
    bound = absolute + relative * torch.as_tensor(want, dtype=torch.float64).abs()
    bad = not bool((error <= bound).all())
    if bad:
        print(f"{what}: differs by up to {error.max().item():.3g}")
    return bad


def compare(build, directory, loss):
    common = f"--loss {loss} --pool cls --dropout 0 --batch 1000 --select none --weight-decay {DECAY} --clip {CLIP} " \
             f"--head-lr {HEAD_RATE} essays.rs"
    run(build, f"tok -q -m blank essays.csv > essays.rs && fit -q -f -m blank --scratch --seed 3 --max-steps 1 --lr 1e-12 -o start "
               f"{common} > /dev/null && fit -q -f -m start --epochs {STEPS} --lr {RATE} --warmup {WARMUP} -o end {common} "
               f"> /dev/null", directory)
    curve, parameters = torch_run(directory, loss)
    rows = list(csv.DictReader(open(f"{directory}/end/log.csv")))
    bad = len(rows) != STEPS
    for step, (row, (want_loss, want_norm)) in enumerate(zip(rows, curve)):
        bad |= differs(f"{loss}: loss of step {step + 1}", float(row["loss"]), want_loss, 2e-5, 1e-6)
        bad |= differs(f"{loss}: norm of step {step + 1}", float(row["norm"]), want_norm, 5e-4, 1e-6)
    saved = AutoModelForSequenceClassification.from_pretrained(f"{directory}/end")
    for name, p in saved.named_parameters():
        bad |= differs(f"{loss}: {name} after {STEPS} steps", p.detach(), parameters[name].detach(), 2e-3, 2e-4)
    print(f"{loss}: loss {curve[0][0]:.6f} to {curve[-1][0]:.6f} in {STEPS} steps: {'DIFFERS' if bad else 'as PyTorch'}")
    return bad


def main():
    with tempfile.TemporaryDirectory() as directory:
        write_start(f"{directory}/blank")
        write_essays(f"{directory}/essays.csv")
        sys.exit(1 if any([compare(sys.argv[1], directory, loss) for loss in ("ce", "mse")]) else 0)


if __name__ == "__main__":
    main()
