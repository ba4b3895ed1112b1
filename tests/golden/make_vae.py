"""Fixed numbers of a small autoencoder from NumPy alone: closed KL per latent, variance of
the encoder's means, reconstruction error, and log p(x) by quadrature over the two latents.
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


m, s = encode(x)
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
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "vae.json"), "w") as f:
    json.dump(out, f)
