"""Losses and their gradients against torch's autograd in float64, class probabilities against their definitions.

    python tests/parity/losses.py BUILD    compares
    python tests/parity/losses.py --make   writes tests/fixtures/learning/losses.json

The reference computes batches as the papers write them where that is another way of saying the same: CORN by
subsets of the batch, the kappa loss from the matrices of observed and expected disagreement.
"""
import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import norm

from make_learning import Numbers, main

POINT, CE_SHARE = 0.5, 0.5


def one_hot(t, k):
    return F.one_hot(torch.tensor(t), k).double()


def ce(case, f, e, t):
    return F.cross_entropy(f[None], torch.tensor([t]), label_smoothing=case["smoothing"])


def mse(case, f, e, t):
    return F.mse_loss(f[0], torch.tensor(case["value"], dtype=torch.float64))


def coral(case, f, e, t):
    levels = torch.tensor([float(t > k) for k in range(case["classes"] - 1)], dtype=torch.float64)
    logits = f[0] + e
    return -(F.logsigmoid(logits) * levels + (F.logsigmoid(logits) - logits) * (1 - levels)).sum()


def corn_batch(logits, truth):
    """The paper's sums over conditional subsets of a batch [N, K-1]; the sum is not yet divided."""
    total = 0
    for k in range(logits.shape[1]):
        inside = truth > k - 1
        label = (truth[inside] > k).double()
        z = logits[inside, k]
        total = total - (F.logsigmoid(z) * label + F.logsigmoid(-z) * (1 - label)).sum()
    return total


def corn(case, f, e, t):
    return corn_batch(f[None], torch.tensor([t]))


def clm_cumulative(f, e):
    thresholds = torch.cumsum(torch.cat([e[:1], F.softplus(e[1:])]), 0)
    below = torch.sigmoid(thresholds - f[0])
    return torch.cat([below.new_zeros(1), below, below.new_ones(1)])


def clm(case, f, e, t):
    cumulative = clm_cumulative(f, e)
    return -torch.log(cumulative[t + 1] - cumulative[t])


def soft(case, f, e, t):
    v = torch.tensor(case["values"], dtype=torch.float64)
    distance = (v - v[t]) / ((v[-1] - v[0]) / (len(v) - 1))
    y = torch.softmax(-case["sharpness"] * distance ** 2, 0)
    return -(y * torch.log_softmax(f, 0)).sum()


def kappa_parts(p, truth, shares):
    """N and D of the kappa loss from the matrices O (observed) and E (expected) of the paper."""
    k = p.shape[1]
    w = torch.tensor([[(i - j) ** 2 for j in range(k)] for i in range(k)], dtype=torch.float64)
    observed = torch.stack([one_hot(t, k) for t in truth]).T @ p / len(truth)
    expected = torch.outer(torch.tensor(shares, dtype=torch.float64), p.mean(0))
    return (w * observed).sum(), (w * expected).sum()


def qwk(case, f, e, t):
    q = torch.tensor(case["shares"], dtype=torch.float64)
    k = len(q)
    d0 = sum(q[i] * q[j] * (i - j) ** 2 for i in range(k) for j in range(k))
    n, d = kappa_parts(torch.softmax(f, 0)[None], [t], case["shares"])
    return (1 - CE_SHARE) * (POINT + (n - POINT * d) / d0) + CE_SHARE * F.cross_entropy(f[None], torch.tensor([t]))


LOSSES = {"ce": ce, "mse": mse, "coral": coral, "corn": corn, "clm": clm, "soft": soft, "qwk": qwk}


def probabilities(name, f, e):
    if name in ("ce", "soft", "qwk"):
        return torch.softmax(f, 0)
    if name == "clm":
        return torch.diff(clm_cumulative(f, e))
    if name == "coral":
        above = torch.cummin(torch.sigmoid(f[0] + e), 0).values
    elif name == "corn":
        above = torch.cumprod(torch.sigmoid(f), 0)
    else:
        return None
    return -torch.diff(torch.cat([above.new_ones(1), above, above.new_zeros(1)]))


def float32(values):
    return [float(np.float32(v)) for v in values]


def loss_case(name, k, t, numbers, scale):
    outputs = {"corn": k - 1, "mse": 1, "coral": 1, "clm": 1}.get(name, k)
    extras = k - 1 if name in ("coral", "clm") else 0
    values = np.cumsum([1.0] + [[0.5, 1.0, 2.0][int(abs(numbers.next()) * 6)] for _ in range(k - 1)]).tolist()
    shares = np.array([abs(v) + 0.05 for v in numbers.list(k)])
    case = {"loss": name, "classes": k, "class": t, "value": numbers.next() * 4, "values": values,
            "shares": (shares / shares.sum()).tolist(), "smoothing": 0.1 if t % 2 else 0.0, "sharpness": 0.5 + t,
            "outputs": float32(numbers.list(outputs, scale)), "extra": float32(numbers.list(extras, scale))}
    f = torch.tensor(case["outputs"], dtype=torch.float64, requires_grad=True)
    e = torch.tensor(case["extra"], dtype=torch.float64, requires_grad=True)
    value = LOSSES[name](case, f, e, t)
    value.backward()
    case |= {"result": value.item(), "doutputs": f.grad.tolist(), "dextra": e.grad.tolist() if extras else []}
    p = probabilities(name, f.detach(), e.detach())
    case["prob"] = [] if p is None else p.tolist()
    return case


def normal_case(numbers, k):
    values = np.cumsum([abs(v) + 0.25 for v in numbers.list(k, 2.0)])
    score, deviation = values.mean() + numbers.next() * 6, abs(numbers.next()) + 0.1
    score = float(np.float32(score))
    cuts = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
    return {"values": values.tolist(), "score": score, "deviation": deviation,
            "prob": np.diff(norm.cdf(cuts, score, deviation)).tolist()}


def make():
    numbers = Numbers(2024)
    cases = [loss_case(name, k, t, numbers, scale) for name in LOSSES for k in (2, 3, 5)
             for t in range(k) for scale in (3.0, 12.0)]
    return {"cases": cases, "normal": [normal_case(numbers, k) for k in (2, 3, 6) for _ in range(4)]}


if __name__ == "__main__":
    main("losses.json", make, "loss")
