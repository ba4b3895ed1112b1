"""Plain PyTorch: variational autoencoders on binary images, normal posterior, exact KL."""
import importlib.metadata

import torch
from serve import Unsupported
from torch import nn
from torch.nn import functional as F
from with_torch import Flow, Runner

VERSION = f"torch {importlib.metadata.version('torch')}"


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def conv_nets(latent):
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(),
        nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 256),
        nn.ReLU(), nn.Linear(256, 2 * latent))
    decoder = nn.Sequential(
        nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, 3136), nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Flatten())
    return encoder, decoder


class Masked(nn.Linear):
    """A linear layer whose unit i sees inputs of a degree not above its own."""

    def __init__(self, from_degree, to_degree, strict):
        super().__init__(len(from_degree), len(to_degree))
        keep = (to_degree[:, None] > from_degree) if strict else (
            to_degree[:, None] >= from_degree)
        self.register_buffer("mask", keep.float())

    def forward(self, x):
        return F.linear(x, self.mask * self.weight, self.bias)


class Step(nn.Module):
    """An inverse autoregressive step (Kingma et al. 2016, algorithm 1)."""

    def __init__(self, latent, seen, width):
        super().__init__()
        inputs = torch.arange(1, latent + 1)
        hidden = torch.arange(width) * (latent - 1) // width + 1
        self.first = Masked(inputs, hidden, False)
        self.context = nn.Linear(seen, width, bias=False)
        self.second = Masked(hidden, hidden, False)
        self.last = Masked(hidden, inputs.repeat(2), True)

    def forward(self, z, context):
        h = F.elu(self.first(z) + self.context(context))
        m, s = self.last(F.elu(self.second(h))).chunk(2, -1)
        gate = torch.sigmoid(s + 2.0)
        return gate * z + (1.0 - gate) * m, F.logsigmoid(s + 2.0).sum(-1)


class Vae(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.latent, hidden = c["latent"], [c.get("hidden")] * c.get("layers", 0)
        self.steps = nn.ModuleList()
        if c["family"] == "vae-conv":
            self.encoder, self.decoder = conv_nets(c["latent"])
            return
        if c["family"] == "vae-iaf":  # its steps see the encoder's last layer
            self.steps.extend(
                Step(c["latent"], hidden[-1], c["width"]) for _ in range(c["steps"]))
        self.encoder = mlp(c["features"], *hidden, 2 * c["latent"])
        self.decoder = mlp(c["latent"], *hidden[::-1], c["features"])

    def elbo(self, x):
        seen = self.encoder[:-1](x)
        mean, log_sd = self.encoder[-1](seen).split(self.latent, -1)
        e = torch.randn_like(mean)
        z = mean + log_sd.exp() * e
        if not self.steps:
            divergence = (0.5 * (mean**2 + (2 * log_sd).exp() - 1.0) - log_sd).sum(-1)
        else:
            entropy = log_sd.sum(-1) + 0.5 * (e * e).sum(-1)
            for i, step in enumerate(self.steps):
                z, log_det = step(z.flip(-1) if i else z, seen)
                entropy = entropy + log_det
            divergence = 0.5 * (z * z).sum(-1) - entropy
        fit = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none")
        return -fit.sum(-1) - divergence


def make(peer, c, op, rows, threads):
    if not c["family"].startswith("vae"):
        raise Unsupported(c["family"])
    model = Vae(c)
    elbo = torch.compile(model.elbo, dynamic=False) if peer.endswith("compiled") else model.elbo
    return Runner(Flow(model, elbo, bits=True, d=c["features"]), op, rows, threads)
