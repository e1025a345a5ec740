"""Linear heads against scikit-learn's Ridge, RidgeCV and LogisticRegression, and ordinal ones against scipy on the
objective written in torch.

    python tests/parity/linear.py BUILD    compares
    python tests/parity/linear.py --make   writes tests/fixtures/learning/linear.json
"""
import numpy as np
import scipy.optimize
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

from make_learning import Numbers, main, name_hash

PENALTIES = [100.0, 10.0, 1.0, 0.1]


def data(name, n, width, classes, weighted):
    """Vectors that C makes as well: column 0 is constant, the others lie around 0, 1, 2, ... at growing scales."""
    x = np.array(Numbers(name_hash(name)).list(n * width, 1.0)).reshape(n, width)
    x = np.float32(x * 2.0 ** (np.arange(width) % 4)) + np.float32(np.arange(width) % 3)
    x[:, 0] = 1.5
    numbers = Numbers(name_hash(name) + 1)
    slopes = np.array(numbers.list(width)) / 2.0 ** (np.arange(width) % 4)
    y = x.astype(float) @ slopes + np.array(numbers.list(n))
    cuts = np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1] ** 1.5)
    weights = np.abs(numbers.list(n)) + 0.5 if weighted else np.ones(n)
    return x, y, np.searchsorted(cuts, y), weights


def standard(x, w):
    mean = np.average(x, axis=0, weights=w)
    deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    return (x - mean) / np.where(deviation > 1e-9, deviation, 1)


def left_out(x, y, w, penalty):
    """Mean weighted square of the residuals of n explicit refits."""
    total = 0
    for i in range(len(y)):
        keep = np.arange(len(y)) != i
        model = Ridge(alpha=penalty, solver="svd").fit(x[keep], y[keep], sample_weight=w[keep])
        total += w[i] * (y[i] - model.predict(x[i:i + 1])[0]) ** 2
    return total / w.sum()


def ridge(x, y, w):
    rows = []
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty, solver="svd").fit(x, y, sample_weight=w)
        rows.append({"penalty": penalty, "score": left_out(x, y, w, penalty), "predictions": model.predict(x).tolist()})
    chosen = RidgeCV(alphas=PENALTIES).fit(x, y, sample_weight=w).alpha_
    assert chosen == min(rows, key=lambda row: row["score"])["penalty"]
    return {"candidates": rows, "chosen": float(chosen)}


def logistic(x, t, w, penalty):
    model = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=100000).fit(x, t, sample_weight=w)
    return model.predict_proba(x)


def ordinal(x, t, w, k, penalty):
    x, w, t = torch.tensor(x), torch.tensor(w), torch.tensor(t)

    def cumulative(p):
        v, e = p[:x.shape[1]], p[x.shape[1]:]
        thresholds = torch.cumsum(torch.cat([e[:1], F.softplus(e[1:])]), 0)
        below = torch.sigmoid(thresholds - (x @ v)[:, None])
        return torch.cat([torch.zeros(len(t), 1), below, torch.ones(len(t), 1)], 1).double()

    def objective(p):
        p = torch.tensor(p, requires_grad=True)
        q = torch.diff(cumulative(p), dim=1)[torch.arange(len(t)), t]
        value = -(w * torch.log(q)).sum() + penalty / 2 * (p[:x.shape[1]] ** 2).sum()
        value.backward()
        return value.item(), p.grad.numpy()

    found = scipy.optimize.minimize(objective, np.zeros(x.shape[1] + k - 1), jac=True, method="BFGS", options={"gtol": 1e-9})
    return torch.diff(cumulative(torch.tensor(found.x)), dim=1).numpy()


def make():
    cases = []
    for name, n, width, classes, weighted in [("tall", 60, 7, 3, False), ("tall weighted", 70, 6, 4, True), ("wide weighted", 18, 31, 3, True)]:
        x, y, t, w = data(name, n, width, classes, weighted)
        x = x.astype(np.float64)
        u = standard(x, w)
        cases.append({"name": name, "count": n, "width": width, "classes": classes, "weights": w.tolist(), "y": y.tolist(),
                      "t": t.tolist(), "ridge": ridge(x, y, w),
                      "logistic": [logistic(x, t, w, 2.0).ravel().tolist(), logistic(u, t, w, 0.5).ravel().tolist()],
                      "ordinal": [ordinal(x, t, w, classes, 2.0).ravel().tolist(), ordinal(u, t, w, classes, 0.5).ravel().tolist()]})
    return {"cases": cases}


if __name__ == "__main__":
    main("linear.json", make, "linear", rtol=1e-5)
