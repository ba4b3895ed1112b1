"""Fixed numbers of an autoencoder as a whole, from the papers' formulas in torch: an encoder with
a gated layer, a posterior of two gated inverse autoregressive steps that its features steer
(Kingma et al. 2016, algorithm 1), a Bernoulli decoder. The noise is Philox4x32-10 (Salmon et
al. 2011) and Box-Muller, here from their definitions.

Writes vae_flow.json beside this file, in float64: rows x, parameters under weir's names, and for
K draws of each row log q(z | x), log p(z), log p(x | z); the mean of their sum (ELBO), the log
of the mean weight (IWAE), and the gradient of the sum over rows of each.

Run with torch installed: python3 make_vae_flow.py
"""
import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(22)
P, D, H, F, N, K, SEED = 6, 3, 5, 7, 4, 5, 5
MASK64 = (1 << 64) - 1
LAYER = "m.d.layers[0]."
Q, L = LAYER + "posterior.", LAYER + "likelihood."


# ---- noise ----

def mix(x):
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & MASK64
    return x ^ (x >> 31)


def stream(purpose, step):
    h = 0xcbf29ce484222325
    for byte in purpose.encode():
        h = ((h ^ byte) * 0x100000001b3) & MASK64
    return mix(h ^ mix((step + 0x9e3779b97f4a7c15) & MASK64))


def philox(seed, counter, at):
    c = [counter & 0xffffffff, counter >> 32, at & 0xffffffff, at >> 32]
    k = [seed & 0xffffffff, seed >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xffffffff, (a >> 32) ^ c[3] ^ k[1], a & 0xffffffff]
        k = [(k[0] + 0x9E3779B9) & 0xffffffff, (k[1] + 0xBB67AE85) & 0xffffffff]
    return c[0] | c[1] << 32, c[2] | c[3] << 32


def normal(i, at):
    """Number i of a stream."""
    u, v = [((w >> 12) + 0.5) * 2.0 ** -52 for w in philox(SEED, i // 2, at)]
    turn = math.cos if i % 2 == 0 else math.sin
    return math.sqrt(-2 * math.log(u)) * turn(2 * math.pi * v)


def noise(path, row, draw):
    at = stream(path, 0) ^ ((draw * 0x9e3779b97f4a7c15) & MASK64)
    return torch.tensor([normal(row * D + j, at) for j in range(D)])


# ---- the model ----

params = {}


def free(name, *shape, scale=0.7):
    params[name] = (torch.randn(*shape) * scale).requires_grad_()


free(Q + "net.hidden[0].weight", 2 * H, P)
free(Q + "net.hidden[0].bias", 2 * H)
free(Q + "net.output.weight", H, H)
free(Q + "net.output.bias", H)
free(Q + "dist.base.weight", 2 * D, H)
free(Q + "dist.base.loc", D)
free(Q + "dist.base.log_scale", D, scale=0.3)
degree_in = torch.arange(1, D + 1)
degree = torch.tensor([i * D // F for i in range(F)])  # as many of each as can be
degree_out = torch.arange(1, D + 1).repeat_interleave(2)
keep_in, keep_out = degree_in[None] <= degree[:, None], degree[None] < degree_out[:, None]
for step in ("layers[0].", "layers[2]."):
    s = Q + "dist." + step + "net."
    free(s + "hidden[0].weight", F, D)
    free(s + "hidden[0].bias", F)
    free(s + "context.weight", F, H)
    free(s + "output.weight", 2 * D, F)
    free(s + "output.bias", 2 * D)
    with torch.no_grad():
        params[s + "hidden[0].weight"] *= keep_in
        params[s + "output.weight"] *= keep_out
free(L + "net.hidden[0].weight", H, D)
free(L + "net.hidden[0].bias", H)
free(L + "net.output.weight", H, H)
free(L + "net.output.bias", H)
free(L + "dist.weight", P, H)
free(L + "dist.logits", P)


def dense(name, v):
    return params[name + "weight"] @ v + params[name + "bias"]


def encode(x):
    g = dense(Q + "net.hidden[0].", x)
    h = torch.tanh(g[:H]) * torch.sigmoid(g[H:])
    return torch.tanh(dense(Q + "net.output.", h))


def iaf(step, z, h):
    """z and log |dz'/dz|."""
    s = Q + "dist." + step + "net."
    u = torch.tanh((params[s + "hidden[0].weight"] * keep_in) @ z + params[s + "hidden[0].bias"]
                   + params[s + "context.weight"] @ h)
    theta = (params[s + "output.weight"] * keep_out) @ u + params[s + "output.bias"]
    gate = torch.sigmoid(theta[0::2] + 2)
    return gate * z + (1 - gate) * theta[1::2], torch.log(gate).sum()


def log_normal(e):
    return -0.5 * (e @ e) - 0.5 * D * math.log(2 * math.pi)


def draw(x, e):
    h = encode(x)
    theta = params[Q + "dist.base.weight"] @ h
    log_scale = params[Q + "dist.base.log_scale"] + theta[D:]
    z = params[Q + "dist.base.loc"] + theta[:D] + torch.exp(log_scale) * e
    log_q = log_normal(e) - log_scale.sum()
    z, change = iaf("layers[2].", z, h)
    log_q = log_q - change
    z, change = iaf("layers[0].", z.flip(0), h)
    return z, log_q - change


def log_likelihood(x, z):
    h = torch.tanh(dense(L + "net.hidden[0].", z))
    h = torch.tanh(dense(L + "net.output.", h))
    logits = params[L + "dist.weight"] @ h + params[L + "dist.logits"]
    return -torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")


x = (torch.rand(N, P) < 0.5).double()
log_q, log_p, log_x = [], [], []
for i in range(N):
    for k in range(K):
        z, q = draw(x[i], noise(Q + "dist.base", i, k))
        log_q.append(q)
        log_p.append(log_normal(z))
        log_x.append(log_likelihood(x[i], z))
log_q, log_p, log_x = [torch.stack(v).reshape(N, K) for v in (log_q, log_p, log_x)]
log_w = log_x + log_p - log_q
elbo, iwae = log_w.mean(1), torch.logsumexp(log_w, 1) - math.log(K)
gradient = {"elbo": torch.autograd.grad(elbo.sum(), list(params.values()), retain_graph=True),
            "iwae": torch.autograd.grad(iwae.sum(), list(params.values()))}


def numbers(v):
    return [float(a) for a in v.detach().reshape(-1)]


STEP = {"name": "inverse_autoregressive", "map": "gated",
        "net": {"name": "mlp", "hidden": [F], "activation": "tanh"}}
model = {"name": "flow", "layers": [{
    "name": "variational", "latent_dim": D,
    "posterior": {"name": "encoded", "features": H, "activation": "tanh",
                  "net": {"name": "mlp", "hidden": [H], "activation": "tanh", "gated": True},
                  "dist": {"name": "flow", "layers": [STEP, "reverse", STEP],
                           "base": {"name": "normal", "kind": "diagonal"}}},
    "likelihood": {"name": "encoded", "features": H, "activation": "tanh",
                   "net": {"name": "mlp", "hidden": [H], "activation": "tanh"},
                   "dist": "bernoulli"}}]}
out = {"made_by": f"torch {torch.__version__.split('+')[0]}", "model": model, "features": P,
       "rows": N, "draws": K, "seed": SEED, "x": numbers(x),
       "params": {name: numbers(v) for name, v in params.items()},
       "log_q": numbers(log_q), "log_p": numbers(log_p), "log_x": numbers(log_x),
       "elbo": numbers(elbo), "iwae": numbers(iwae),
       "gradient": {what: {name: numbers(v) for name, v in zip(params, grads)}
                    for what, grads in gradient.items()}}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vae_flow.json")
with open(path, "w") as f:
    json.dump(out, f)
    f.write("\n")
