"""AdamW against torch.optim.AdamW with torch's clip_grad_norm_: twenty steps on every tensor of a small network,
with warmup and decay of the learning rate, layer-wise rates, and word rows that only some steps touch.

    python tests/parity/optimizer.py BUILD    compares
    python tests/parity/optimizer.py --make   writes tests/fixtures/learning/optimizer.json
"""
import torch

from make_learning import Numbers, main, name_hash

V, H, F, P, TYPES, L, C, E = 11, 8, 12, 6, 2, 2, 3, 2
STEPS, RATE, DECAY, CLIP, HEAD_RATE, LAYER_DECAY = 20, 0.02, 0.1, 2.0, 3.0, 0.8
WORDS = "bert.embeddings.word_embeddings.weight"


def tensors():
    """Name, size, whether weight decay applies, layer."""
    norm = lambda name, layer: [(f"{name}.weight", H, False, layer), (f"{name}.bias", H, False, layer)]
    linear = lambda name, out, into, layer: [(f"{name}.weight", out * into, True, layer), (f"{name}.bias", out, False, layer)]
    embeddings = "bert.embeddings"
    rows = [(WORDS, V * H, True, -1), (f"{embeddings}.position_embeddings.weight", P * H, True, -1),
            (f"{embeddings}.token_type_embeddings.weight", TYPES * H, True, -1)] + norm(f"{embeddings}.LayerNorm", -1)
    for i in range(L):
        at = f"bert.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            rows += linear(f"{at}.attention.self.{part}", H, H, i)
        rows += linear(f"{at}.attention.output.dense", H, H, i) + norm(f"{at}.attention.output.LayerNorm", i)
        rows += linear(f"{at}.intermediate.dense", F, H, i) + linear(f"{at}.output.dense", H, F, i)
        rows += norm(f"{at}.output.LayerNorm", i)
    rows += linear("bert.pooler.dense", H, H, L) + linear("classifier", C, H, L)
    return rows + [("rubric.thresholds", E, False, L)]


def gradient(name, size, step):
    numbers = Numbers(name_hash(name) + 7919 * (step + 1))
    values = numbers.list(size, 1.0)
    if name == WORDS:
        for row in range(V):
            if (row + step * step) % 3:
                values[row * H:(row + 1) * H] = [0.0] * H
    return torch.tensor(values, dtype=torch.float32)


def rate_at(step):
    return RATE * (step + 1) / 5 if step < 5 else RATE * (STEPS - step) / (STEPS - 5)


def make():
    rows = tensors()
    params = [torch.nn.Parameter(torch.tensor(Numbers(name_hash(n)).list(s, 2.0), dtype=torch.float32)) for n, s, _, _ in rows]
    groups = [{"params": [p], "weight_decay": DECAY if decay else 0.0, "factor": HEAD_RATE if layer == L else LAYER_DECAY ** (L - layer)}
              for p, (_, _, decay, layer) in zip(params, rows)]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    norms = []
    for step in range(STEPS):
        for p, (name, size, _, _) in zip(params, rows):
            p.grad = gradient(name, size, step)
        norms.append(float(torch.nn.utils.clip_grad_norm_(params, CLIP)))
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step) * group["factor"]
        optimizer.step()
    return {"norms": norms, "tensors": [{"name": row[0], "values": p.detach().tolist(),
                                         "moments1": optimizer.state[p]["exp_avg"].tolist(),
                                         "moments2": optimizer.state[p]["exp_avg_sq"].tolist()}
                                        for p, row in zip(params, rows) if row[1] <= 100]}


if __name__ == "__main__":
    main("optimizer.json", make, "optimizer")
