"""nflows_fit.py CONFIG ROWS SECONDS SEED: the flow of a resolved weir configuration built of nflows'
parts, over standardised columns. Prints JSON. Started by side_by_side.py.
"""
import re
import sys

import torch
from nflows import distributions, flows, transforms
from nflows.nn.nets import ResidualNet
from nflows.utils import torchutils
from torch.nn import functional as F

from torch_fit import run

ACTIVATIONS = {"relu": F.relu, "tanh": torch.tanh, "elu": F.elu}


class Columns:
    """The columns of a configuration, in the order of the written rows: what each is."""

    def __init__(self, types):
        self.real, self.context, self.category, self.steps = [], [], [], []
        kept = [t for t in types.values() if t not in ("ignored", "weight")]
        for j, text in enumerate(kept):
            if text == "categorical":
                self.category.append(j)
            elif text.startswith("context"):
                if text not in ("context", "context(real)"):
                    sys.exit(f"nflows_fit: no column of type {text}")
                self.context.append(j)
            elif text == "real" or text.startswith("ordinal"):
                numbers = re.findall(r"[-+.e\d]+", text[7:]) if text != "real" else ["0"]
                self.real.append(j)
                self.steps.append(float(numbers[0]) if numbers else 1.0)
            else:
                sys.exit(f"nflows_fit: no column of type {text}")
        if len(self.category) > 1:
            sys.exit("nflows_fit: at most one categorical column")
        self.steps = torch.tensor(self.steps)


class Density(torch.nn.Module):
    """p(c) p(x | c, given), as weir's: log-likelihoods in the units of the file."""

    def __init__(self, model, columns, rows):
        super().__init__()
        self.columns = columns
        x = rows[:, columns.real] + columns.steps / 2
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("sd", x.std(0))
        given = rows[:, columns.context]
        self.register_buffer("given_mean", given.sum(0) / len(rows))
        self.register_buffer("given_sd", ((given - self.given_mean) ** 2).sum(0).div(
            len(rows)).sqrt())
        self.kinds = int(rows[:, columns.category].max()) + 1 if columns.category else 0
        self.logits = torch.nn.Parameter(torch.zeros(max(self.kinds, 1)))
        self.volume = float(torch.log(columns.steps[columns.steps > 0]).sum())
        width = self.kinds + len(columns.context)
        self.flow = build(model, len(columns.real), width if width > 0 else None)

    def log_prob(self, rows):
        c = self.columns
        x = rows[:, c.real]
        x = (x + c.steps * torch.rand_like(x) - self.mean) / self.sd
        given, log_prob = [], self.volume - torch.log(self.sd).sum()
        if c.context:
            given.append((rows[:, c.context] - self.given_mean) / self.given_sd)
        if self.kinds:
            kind = rows[:, c.category[0]].long()
            given.append(F.one_hot(kind, self.kinds).to(x))
            log_prob = log_prob + F.log_softmax(self.logits, 0)[kind]
        return log_prob + self.flow.log_prob(x, torch.cat(given, 1) if given else None)


def build(model, d, context):
    def net(n_in, n_out):
        return ResidualNet(n_in, n_out, model["hidden_features"], context_features=context,
                           num_blocks=model["hidden_layers"],
                           activation=ACTIVATIONS[model["activation"]],
                           dropout_probability=model["dropout"])

    def splines(i):
        common = dict(num_bins=model["bins"], tails="linear", tail_bound=model["tail_bound"])
        if model["name"] == "nsf":
            mask = torchutils.create_alternating_binary_mask(d, even=i % 2 == 0)
            return transforms.PiecewiseRationalQuadraticCouplingTransform(mask, net, **common)
        return transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            d, model["hidden_features"], context_features=context,
            num_blocks=model["hidden_layers"], use_residual_blocks=True,
            activation=ACTIVATIONS[model["activation"]],
            dropout_probability=model["dropout"], **common)

    if model["name"] not in ("nsf", "nsf-ar"):
        sys.exit(f"nflows_fit: no preset {model['name']}, expected nsf or nsf-ar")
    steps = []
    for i in range(model["transforms"]):
        steps += [transforms.RandomPermutation(d), transforms.LULinear(d, identity_init=True),
                  splines(i)]
    steps.append(transforms.LULinear(d, identity_init=True))
    return flows.Flow(transforms.CompositeTransform(steps),
                      distributions.StandardNormal([d]))


if __name__ == "__main__":
    run(lambda config, rows: Density(config["model"], Columns(config["data"]["columns"]), rows))
