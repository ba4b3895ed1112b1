"""Fixed numbers for the layers of posteriors, from their papers' formulas in torch.

Writes posteriors.json beside this file: per case the layer, its parameters under weir's
names, latents z, contexts, data x and log |det dx/dz| from torch's own Jacobian, in
float64. Parameters that depend on the context are free + W context.

Run with torch installed: python3 make_posteriors.py
"""
import json
import os

import torch
from torch.nn.functional import softplus

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)
D, N, C = 3, 4, 2
cases = []


def numbers(x):
    return [float(v) for v in x.detach().reshape(-1)]


def unit_upper(entries, m):
    """Upper triangular: the first m entries on the diagonal through tanh, then by rows."""
    a = torch.diag(torch.tanh(entries[:m]))
    rows, cols = torch.triu_indices(m, m, 1)
    a[rows, cols] = entries[m:]
    return a


def planar(z, th):
    u, w, b = th["u"], th["w"], th["b"]
    wu = w @ u
    u_hat = u + (torch.log1p(torch.exp(wu)) - 1 - wu) * w / (w @ w)
    return z + u_hat * torch.tanh(w @ z + b)


def radial(z, th):
    alpha = softplus(th["a"])
    beta = -alpha + softplus(th["b"])
    d = z - th["centre"]
    return z + beta / (alpha + torch.linalg.norm(d)) * d


def reflect(v):
    return torch.eye(D) - 2 * torch.outer(v, v) / (v @ v)


def product(v, k):
    """H_k .. H_1 of the k vectors in v."""
    h = torch.eye(D)
    for i in range(k):
        h = reflect(v[i * D:(i + 1) * D]) @ h
    return h


def sylvester(z, th, q, m):
    r, s = unit_upper(th["r"], m), unit_upper(th["s"], m)
    return z + q @ r @ torch.tanh(s @ q.T @ z + th["b"])


def orthogonal(m):
    def step(z, th):
        q, r = torch.linalg.qr(th["q"].reshape(D, m))
        return sylvester(z, th, q * torch.sign(torch.diagonal(r)), m)
    return step


def sylvester_householder(k):
    # rows z Q are z reflected in the first vector first: Q' = H_k .. H_1
    return lambda z, th: sylvester(z, th, product(th["q"], k).T, D)


def sylvester_triangular(reverse):
    q = torch.flip(torch.eye(D), [0]) if reverse else torch.eye(D)
    return lambda z, th: sylvester(z, th, q, D)


def chained(k):
    def step(z, th):
        v = th["vectors"]
        x = reflect(v) @ z
        for i in range(k - 1):
            v = th[f"chain[{i}].weight"] @ v + th[f"chain[{i}].bias"]
            x = reflect(v) @ x
        return x
    return step


def add(layer, step, sizes, context, fixed=()):
    """sizes: the parameters that depend on the context, in the order of weir's theta."""
    free = {name: torch.randn(n) * 0.7 for name, n in sizes.items()}
    params = {f"m.l.{k}": numbers(v) for k, v in free.items()}
    extra = {}
    for name, shape in fixed:
        extra[name] = torch.randn(*shape) * 0.7
        params[f"m.l.{name}"] = numbers(extra[name])
    weight = torch.randn(sum(sizes.values()), context) * 0.5
    if context:
        params["m.l.weight"] = numbers(weight)
    z, given = torch.randn(N, D) * 1.5, torch.randn(N, context)
    x, log_det = [], []
    for i in range(N):
        theta, at, th = weight @ given[i], 0, dict(extra)
        for name, n in sizes.items():
            th[name] = free[name] + theta[at:at + n]
            at += n
        x.append(step(z[i], th))
        jacobian = torch.autograd.functional.jacobian(lambda v: step(v, th), z[i])
        log_det.append(torch.linalg.slogdet(jacobian)[1])
    cases.append({"layer": layer, "features": D, "context": context, "params": params,
                  "z": numbers(z), "contexts": numbers(given), "x": numbers(torch.stack(x)),
                  "log_det": numbers(torch.stack(log_det))})


def tri(m):
    return m * (m + 1) // 2


for c in (0, C):
    add("planar", planar, {"u": D, "w": D, "b": 1}, c)
add("radial", radial, {"centre": D, "a": 1, "b": 1}, C)
for m, c in ((2, C), (3, 0)):
    add({"name": "sylvester", "columns": m}, orthogonal(m),
        {"q": D * m, "r": tri(m), "s": tri(m), "b": m}, c)
add({"name": "sylvester", "kind": "householder", "reflections": 2}, sylvester_householder(2),
    {"q": 2 * D, "r": tri(D), "s": tri(D), "b": D}, C)
add({"name": "sylvester", "kind": "triangular", "reverse": True}, sylvester_triangular(True),
    {"r": tri(D), "s": tri(D), "b": D}, C)
add({"name": "householder", "reflections": 2}, lambda z, th: product(th["vectors"], 2) @ z,
    {"vectors": 2 * D}, C)
add({"name": "householder", "reflections": 3, "chained": True}, chained(3), {"vectors": D}, C,
    [(f"chain[{i}].{p}", (D, D) if p == "weight" else (D,))
     for i in range(2) for p in ("weight", "bias")])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "posteriors.json")
with open(path, "w") as out:
    json.dump({"made_by": f"torch {torch.__version__.split('+')[0]}", "cases": cases}, out)
    out.write("\n")
