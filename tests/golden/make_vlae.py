"""Fixed numbers for Laplace posteriors, from the paper's formulas in torch.

Writes vlae.json beside this file: per case a variational layer, its parameters under
weir's names, rows x, points z, the mode after T damped steps and log q(z | x), float64.
The Jacobian is torch's own, and so is the curvature of categorical columns and of logistics cut
into bins.

Run with torch installed: python3 make_vlae.py
"""
import json
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(21)
D, P, N, H = 3, 6, 5, 7
LEVELS = {"bernoulli": 2, "categorical": 3, "discretized_logistic": 5}
OUTPUTS = {"bernoulli": 1, "normal": 2, "categorical": 3, "discretized_logistic": 3}
cases = []


def numbers(x):
    return [float(v) for v in x.detach().reshape(-1)]


def matrix(*shape, scale=0.6):
    return torch.randn(*shape) * scale


def add(kind, steps, damping, leak):
    enc = [matrix(H, P), matrix(H), matrix(2 * D, H), matrix(2 * D)]
    start = [matrix(2 * D), torch.zeros(0)]
    dec = [matrix(H, D), matrix(H), matrix(H, H), matrix(H)]
    outputs = OUTPUTS[kind] * P
    steers = {"normal": slice(0, P), "discretized_logistic": slice(P, 2 * P)}.get(
        kind, slice(0, outputs))
    head = matrix(outputs, H)
    if kind == "normal":
        head[P:] = 0.0  # one variance per column, whatever z
    free = matrix(outputs)
    act = (lambda v: torch.maximum(v, leak * v)) if leak else torch.relu

    def eta(z):
        h = act(dec[0] @ z + dec[1])
        h = act(dec[2] @ h + dec[3])
        return head[steers] @ h + free[steers], head @ h + free

    def log_p(e, x, theta):
        """log p(x) as a function of eta alone, where its curvature is not written out."""
        if kind == "categorical":
            logits = e.reshape(P, 3)
            return (logits.gather(1, x.long()[:, None])[:, 0] - logits.logsumexp(1)).sum()
        y, half = x / 4, 0.5 / 4
        scale = 0.001 + torch.exp(theta[2 * P:].detach())
        up = torch.sigmoid((y + half - e - 0.5) / scale)
        down = torch.sigmoid((y - half - e - 0.5) / scale)
        up = torch.where(x == 4, torch.ones_like(up), up)
        down = torch.where(x == 0, torch.zeros_like(down), down)
        return torch.log(up - down).sum()

    def curvature(z, x):
        j = torch.autograd.functional.jacobian(lambda v: eta(v)[0], z)
        e, theta = eta(z)
        if kind in ("categorical", "discretized_logistic"):
            def of_eta(v):
                return log_p(v, x, theta)
            slope = torch.autograd.functional.jacobian(of_eta, e)
            curve = -torch.autograd.functional.hessian(of_eta, e)
            return j.T @ curve @ j + torch.eye(D), j.T @ slope - z
        if kind == "bernoulli":
            y = torch.sigmoid(e)
            slope, weight = x - y, y * (1 - y)
        else:
            weight = torch.exp(-2 * free[P:])
            slope = (x - e) * weight
        return j.T @ (weight[:, None] * j) + torch.eye(D), j.T @ slope - z

    x = torch.randn(N, P)
    if kind in LEVELS:
        x = (torch.rand(N, P) * LEVELS[kind]).floor() if kind != "bernoulli" else (x > 0).double()
    seen = x / (LEVELS[kind] - 1) if kind in LEVELS else x
    z = torch.randn(N, D)
    mean, log_q = [], []
    for i in range(N):
        m = start[0][:D] + (enc[2] @ torch.tanh(enc[0] @ seen[i] + enc[1]) + enc[3])[:D]
        for t in range(steps):
            precision, gradient = curvature(m, x[i])
            m = m + damping / (t + 1) * torch.linalg.solve(precision, gradient)
        precision, _ = curvature(m, x[i])
        mean.append(m)
        log_q.append(torch.distributions.MultivariateNormal(
            m, precision_matrix=precision).log_prob(z[i]))
    name = "leaky_relu" if leak else "relu"
    layer = {
        "name": "variational", "latent_dim": D,
        "posterior": {"name": "laplace_posterior", "steps": steps, "damping": damping,
                      "start": {"name": "normal", "kind": "diagonal",
                                "net": {"name": "mlp", "hidden": [H], "activation": "tanh"}}},
        "likelihood": {"name": "encoded", "features": H, "activation": name,
                       "net": {"name": "mlp", "hidden": [H], "activation": name},
                       "dist": {"name": kind, "kind": "diagonal"} if kind == "normal" else
                               {"name": kind}}}
    q, p = "m.l.posterior.start", "m.l.likelihood"
    params = {q + ".loc": start[0][:D], q + ".log_scale": start[0][D:],
              q + ".net.hidden[0].weight": enc[0], q + ".net.hidden[0].bias": enc[1],
              q + ".net.output.weight": enc[2], q + ".net.output.bias": enc[3],
              p + ".net.hidden[0].weight": dec[0], p + ".net.hidden[0].bias": dec[1],
              p + ".net.output.weight": dec[2], p + ".net.output.bias": dec[3],
              p + ".dist.weight": head}
    if kind in ("bernoulli", "categorical"):
        params[p + ".dist.logits"] = free
    elif kind == "discretized_logistic":
        for k, name in enumerate(("logits", "loc", "log_scale")):
            params[p + ".dist." + name] = free[k * P:(k + 1) * P]
    else:
        params[p + ".dist.loc"], params[p + ".dist.log_scale"] = free[:P], free[P:]
    cases.append({"layer": layer, "features": P, "levels": LEVELS.get(kind, 0), "latent": D,
                  "params": {k: numbers(t) for k, t in params.items()}, "x": numbers(x),
                  "z": numbers(z), "mean": numbers(torch.stack(mean)),
                  "log_q": numbers(torch.stack(log_q))})


add("bernoulli", 4, 0.5, 0.0)
add("normal", 4, 0.5, 0.0)
add("bernoulli", 2, 1.0, 0.01)
add("categorical", 4, 0.5, 0.0)
add("discretized_logistic", 3, 0.5, 0.01)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vlae.json")
with open(path, "w") as out:
    json.dump({"made_by": f"torch {torch.__version__.split('+')[0]}", "cases": cases}, out)
    out.write("\n")
