"""zuko: the flows of bench/cases.py. Its splines have no LU layers, so it does less."""
import importlib.metadata
from functools import partial

import torch
import zuko
from serve import Unsupported
from with_torch import Flow, Runner

VERSION = (f"zuko {importlib.metadata.version('zuko')}, "
           f"torch {importlib.metadata.version('torch')}")


def coupling(c, univariate, shapes, hidden):
    d = c["features"]
    base = zuko.lazy.UnconditionalDistribution(
        zuko.distributions.DiagNormal, torch.zeros(d), torch.ones(d), buffer=True)
    return zuko.flows.Flow([
        zuko.flows.coupling.GeneralCouplingTransform(
            d, mask=torch.arange(d) % 2 == i % 2, univariate=univariate, shapes=shapes,
            hidden_features=hidden)
        for i in range(c["transforms"])], base)


def build(c):
    d, bins = c["features"], c.get("bins", 0)
    hidden = [c["hidden"]] * c["layers"]
    # A residual block has two layers of the width, and the first layer is one more.
    blocks = [c["hidden"]] * (2 * c["layers"] + 1)
    spline = partial(zuko.transforms.MonotonicRQSTransform, bound=4.0)
    shapes = [(bins,), (bins,), (bins - 1,)]
    if c["family"] == "nsf":
        return coupling(c, spline, shapes, blocks)
    if c["family"] == "nsf-ar":
        return zuko.flows.NSF(
            d, transforms=c["transforms"], bins=bins, hidden_features=blocks)
    if c["family"] == "maf":
        return zuko.flows.MAF(d, transforms=c["transforms"], hidden_features=hidden)
    if c["family"] == "realnvp":
        return coupling(
            c, zuko.transforms.MonotonicAffineTransform, [(), ()], hidden)
    raise Unsupported(c["family"])


def make(peer, c, op, rows, threads):
    flow = build(c)

    def log_prob(x):
        return flow().log_prob(x)

    if peer == "zuko-compiled":
        if op != "train":
            raise Unsupported("only training is compiled")
        log_prob = torch.compile(log_prob, dynamic=False)
    return Runner(Flow(flow, log_prob, lambda n: flow().rsample_and_log_prob((n,)),
                       lambda x: flow().transform(x), d=c["features"]), op, rows, threads)
