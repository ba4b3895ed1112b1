"""nflows_fit.py CONFIG ROWS SECONDS SEED: the flow of a resolved weir configuration built of nflows'
parts and trained as weir trains: standardised columns, Adam, warm-up, cosine, clipping, the best
validation weights kept; the number of steps fixed by the rate of the first twentieth of the time.
Prints JSON. Started by side_by_side.py.
"""
import json
import math
import re
import sys
import time

import numpy as np
import torch
from nflows import distributions, flows, transforms
from nflows.nn.nets import ResidualNet
from nflows.utils import torchutils
from torch.nn import functional as F

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


@torch.no_grad()
def evaluate(density, rows):
    density.eval()
    values = torch.cat([density.log_prob(block) for block in rows.split(4096)]).double()
    density.train()
    return values


class Plan:
    """The number of steps from the rate of the first ones, as weir's time limit does it."""

    def __init__(self, train, rows, seconds):
        self.begun, self.seconds, self.train = time.monotonic(), seconds, train
        self.per_epoch = max(1, math.ceil(rows / train["batch_size"]))
        self.steps, self.every, self.timed, self.eval_cost = 0, 0, None, 0.0

    def used(self):
        return time.monotonic() - self.begun

    def fix(self, step):
        if step == 5:
            self.timed = time.monotonic()
        if self.steps or step < 15 or time.monotonic() - self.timed < 0.05 * self.seconds:
            return
        rate = (time.monotonic() - self.timed) / (step - 5)
        left = 0.97 * self.seconds - self.used()
        wanted = max(20.0, left / rate / self.per_epoch)
        if wanted * self.eval_cost > 0.25 * left:
            wanted = max(1.0, math.floor(0.25 * left / self.eval_cost))
        self.steps = step + max(1, int((left - wanted * self.eval_cost) / rate))
        self.every = math.ceil(self.steps / wanted)

    def rate(self, step):
        """Factor on the learning rate: warm-up, then half a cosine over all steps."""
        warmup = self.train["warmup"]
        if self.steps:
            warmup = min(warmup, self.steps // 10)
        rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
        if not self.steps or self.train["schedule"] == "constant":
            return rise
        done = max(0, step - warmup) / max(1, self.steps - warmup)
        last = self.train["final_rate"]
        return rise * (last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def fit(density, rows, train, seconds):
    optimiser = torch.optim.Adam(density.parameters(), lr=train["learning_rate"],
                                 betas=(train["beta1"], train["beta2"]), eps=train["epsilon"])
    plan = Plan(train, len(rows["train"]), seconds)
    before = time.monotonic()
    best = evaluate(density, rows["valid"]).mean()
    plan.eval_cost = time.monotonic() - before
    state = {k: v.clone() for k, v in density.state_dict().items()}
    order, at, step = torch.randperm(len(rows["train"])), 0, 0
    while not plan.steps or step < plan.steps:
        if at >= len(order):
            order, at = torch.randperm(len(order)), 0
        batch = rows["train"][order[at:at + train["batch_size"]]]
        at += train["batch_size"]
        for group in optimiser.param_groups:
            group["lr"] = train["learning_rate"] * plan.rate(step)
        optimiser.zero_grad()
        (-density.log_prob(batch).mean()).backward()
        if train["clip"] > 0:
            torch.nn.utils.clip_grad_norm_(density.parameters(), train["clip"])
        optimiser.step()
        step += 1
        plan.fix(step)
        if plan.steps and (step % plan.every == 0 or step == plan.steps):
            value = evaluate(density, rows["valid"]).mean()
            if value > best:
                best, state = value, {k: v.clone() for k, v in density.state_dict().items()}
        if plan.used() > 1.05 * seconds:  # the machine has become slower
            break
    density.load_state_dict(state)
    return step, plan.used(), float(best)


def main():
    with open(sys.argv[1]) as f:
        config = json.load(f)
    torch.set_num_threads(1)
    torch.manual_seed(int(sys.argv[4]))
    rows = {part: torch.tensor(np.load(f"{sys.argv[2]}-{part}.npy"), dtype=torch.float32)
            for part in ("train", "valid", "test")}
    density = Density(config["model"], Columns(config["data"]["columns"]), rows["train"])
    steps, seconds, valid = fit(density, rows, config["train"], float(sys.argv[3]))
    values = evaluate(density, rows["test"])
    print(json.dumps({
        "mean_log_prob": float(values.mean()), "n": len(values),
        "standard_error": float(values.std() / math.sqrt(len(values))),
        "valid_log_prob": valid, "steps": steps, "seconds": seconds,
        "parameters": sum(p.numel() for p in density.parameters())}))


if __name__ == "__main__":
    main()
