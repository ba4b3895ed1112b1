"""The training that side_by_side.py gives to a peer in PyTorch, as weir trains: Adam, warm-up,
cosine, clipping, the best validation weights kept; the number of steps fixed by the rate of the
first twentieth of the time.
"""
import json
import math
import sys
import time

import numpy as np
import torch


@torch.no_grad()
def evaluate(density, rows, log_prob=None):
    """log_prob of every row, in blocks; of the density unless given."""
    density.eval()
    of = log_prob or density.log_prob
    values = torch.cat([of(block) for block in rows.split(4096)]).double()
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


def run(make):
    """CONFIG ROWS SECONDS SEED of the command line: make(config, training rows) is a module with
    log_prob(rows) to maximise and, where the test rows are scored otherwise, test_log_prob(rows).
    Prints the result as JSON."""
    with open(sys.argv[1]) as f:
        config = json.load(f)
    torch.set_num_threads(1)
    torch.manual_seed(int(sys.argv[4]))
    rows = {part: torch.tensor(np.load(f"{sys.argv[2]}-{part}.npy"), dtype=torch.float32)
            for part in ("train", "valid", "test")}
    density = make(config, rows["train"])
    steps, seconds, valid = fit(density, rows, config["train"], float(sys.argv[3]))
    values = evaluate(density, rows["test"], getattr(density, "test_log_prob", None))
    print(json.dumps({
        "mean_log_prob": float(values.mean()), "n": len(values),
        "standard_error": float(values.std() / math.sqrt(len(values))),
        "valid_log_prob": valid, "steps": steps, "seconds": seconds,
        "parameters": sum(p.numel() for p in density.parameters())}))
