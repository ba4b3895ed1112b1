"""vae_fit.py CONFIG ROWS SECONDS SEED: the dense autoencoder of a resolved weir configuration (preset
vae, binary columns) in plain PyTorch. Trained on the bound with one draw and the closed KL; test rows
by importance weights of model.samples draws. Prints JSON. Started by side_by_side.py.
"""
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

from torch_fit import run

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "elu": nn.ELU, "sigmoid": nn.Sigmoid,
               "softplus": nn.Softplus}


class Vae(nn.Module):
    def __init__(self, config, rows):
        super().__init__()
        model = config["model"]
        if model["name"] != "vae" or not bool(((rows == 0) | (rows == 1)).all()):
            sys.exit("vae_fit: only the preset vae on binary columns")
        self.latent, self.draws = model["latent_dim"], model["samples"]
        self.encoder = self.net(model, rows.shape[1], 2 * self.latent)
        self.decoder = self.net(model, self.latent, rows.shape[1])
        with torch.no_grad():  # unit posterior, even pixels, as weir begins
            for net in (self.encoder, self.decoder):
                net[-1].weight.mul_(model["head_scale"])

    @staticmethod
    def net(model, inputs, outputs):
        layers, width = [], model["hidden_features"]
        for _ in range(model["hidden_layers"]):
            layers += [nn.Linear(inputs, width), ACTIVATIONS[model["activation"]]()]
            inputs = width
        return nn.Sequential(*layers, nn.Linear(inputs, outputs))

    def reconstruction(self, z, x):
        return -F.binary_cross_entropy_with_logits(
            self.decoder(z), x, reduction="none").sum(-1)

    def log_prob(self, x):
        mean, log_sd = self.encoder(x).chunk(2, 1)
        z = mean + log_sd.exp() * torch.randn_like(mean)
        kl = 0.5 * (mean ** 2 + (2 * log_sd).exp() - 1 - 2 * log_sd).sum(1)
        return self.reconstruction(z, x) - kl

    def test_log_prob(self, x):
        return torch.cat([self.weighted(block) for block in x.split(64)])

    def weighted(self, x):
        mean, log_sd = self.encoder(x).chunk(2, 1)
        noise = torch.randn(self.draws, *mean.shape)
        z = mean + log_sd.exp() * noise
        prior_over_posterior = (0.5 * (noise ** 2 - z ** 2) + log_sd).sum(-1)
        weights = self.reconstruction(z, x.expand(self.draws, *x.shape)) + prior_over_posterior
        return torch.logsumexp(weights.double(), 0) - math.log(self.draws)


if __name__ == "__main__":
    run(Vae)
