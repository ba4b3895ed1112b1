"""Fixed numbers of a small autoencoder from NumPy alone: encoder and decoder row by row, closed
KL per latent, variance of the encoder's means, reconstruction error, nearest neighbours of
the means, and by quadrature over the two latents log p(x), the ELBO, the mutual information
in expectation over the draws, and the limit of the effective share of importance weights.
Writes vae.json beside this file.

Run: python3 make_vae.py
"""
import json
import os

import numpy as np

rng = np.random.default_rng(5)
D, H, Z, N = 6, 5, 2, 48
P = "dist.layers[0]."
params = {
    P + "posterior.net.output.weight": rng.normal(size=(H, D)) * 0.8,
    P + "posterior.net.output.bias": rng.normal(size=H) * 0.3,
    P + "posterior.dist.weight": rng.normal(size=(2 * Z, H)) * 0.2,
    P + "posterior.dist.loc": rng.normal(size=Z) * 0.2,
    P + "posterior.dist.log_scale": rng.normal(size=Z) * 0.1 + 0.2,
    P + "likelihood.net.output.weight": rng.normal(size=(H, Z)) * 1.2,
    P + "likelihood.net.output.bias": rng.normal(size=H) * 0.3,
    P + "likelihood.dist.weight": rng.normal(size=(D, H)) * 1.1,
    P + "likelihood.dist.logits": rng.normal(size=D) * 0.4,
}
x = (rng.uniform(size=(N, D)) < 0.5).astype(float)


def encode(x):
    h = np.tanh(x @ params[P + "posterior.net.output.weight"].T
                + params[P + "posterior.net.output.bias"])
    theta = h @ params[P + "posterior.dist.weight"].T
    return (theta[:, :Z] + params[P + "posterior.dist.loc"],
            theta[:, Z:] + params[P + "posterior.dist.log_scale"])


def decode(z):
    h = np.tanh(z @ params[P + "likelihood.net.output.weight"].T
                + params[P + "likelihood.net.output.bias"])
    return h @ params[P + "likelihood.dist.weight"].T + params[P + "likelihood.dist.logits"]


def log_p(x):
    g = np.linspace(-7, 7, 561)
    z = np.stack(np.meshgrid(g, g, indexing="ij"), -1).reshape(-1, 2)
    prior = -0.5 * (z ** 2).sum(1) - np.log(2 * np.pi)
    logits = decode(z)
    base = prior - np.logaddexp(0, logits).sum(1) + 2 * np.log(g[1] - g[0])
    total = logits @ x.T + base[:, None]
    top = total.max(0)
    return top + np.log(np.exp(total - top).sum(0))


def neighbours(z, label, k, cosine):
    """Leave-one-out accuracy; ties of votes go to the smallest label."""
    if cosine:
        u = z / np.linalg.norm(z, axis=1, keepdims=True)
        d = 1 - u @ u.T
    else:
        d = ((z[:, None] - z[None]) ** 2).sum(-1)
    np.fill_diagonal(d, np.inf)
    right = 0
    for i in range(len(z)):
        votes = np.bincount(label[np.argsort(d[i], kind="stable")[:k]], minlength=label.max() + 1)
        right += votes.argmax() == label[i]
    return right / len(z)


def by_quadrature(x, m, s):
    g = np.linspace(-8, 8, 801)
    cell = (g[1] - g[0]) ** 2
    z = np.stack(np.meshgrid(g, g, indexing="ij"), -1).reshape(-1, 2)
    prior = -0.5 * (z ** 2).sum(1) - np.log(2 * np.pi)
    logits = decode(z)
    base = -np.logaddexp(0, logits).sum(1)
    log_q = np.stack([(-0.5 * ((z - m[j]) / np.exp(s[j])) ** 2 - s[j]).sum(1) - np.log(2 * np.pi)
                      for j in range(len(x))])
    top = log_q.max(0)
    mixture = top + np.log(np.exp(log_q - top).mean(0))
    elbo, information, share = [], [], []
    for i in range(len(x)):
        q = np.exp(log_q[i]) * cell
        joint = logits @ x[i] + base + prior
        elbo.append((q * (joint - log_q[i])).sum())
        information.append((q * (log_q[i] - mixture)).sum())
        first, second = np.exp(joint).sum() * cell, (np.exp(2 * joint - log_q[i])).sum() * cell
        share.append(first ** 2 / second)
    return elbo, float(np.mean(information)), share


m, s = encode(x)
label = (x[:, 0] + 2 * x[:, 1]).astype(int)
elbo, information, share = by_quadrature(x, m, s)
kl = (0.5 * (np.exp(2 * s) + m ** 2 - 1) - s).mean(0)
mean = 1 / (1 + np.exp(-decode(m)))
out = {
    "made_by": "NumPy " + np.__version__,
    "x": x.ravel().tolist(), "rows": N, "features": D,
    "params": {k: np.asarray(v).ravel().tolist() for k, v in params.items()},
    "kl": kl.tolist(),
    "variance": m.var(0, ddof=1).tolist(),
    "reconstruction_error": float(np.sqrt(((mean - x) ** 2).mean())),
    "log_p": log_p(x).tolist(),
    "mean": m.ravel().tolist(), "decoded": mean.ravel().tolist(),
    "labels": label.tolist(),
    "neighbours": [[k, cosine, neighbours(m, label, k, cosine)]
                   for k in (1, 3, 5, 8) for cosine in (False, True)],
    "elbo": elbo, "information": information, "share": share,
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "vae.json"), "w") as f:
    json.dump(out, f)
