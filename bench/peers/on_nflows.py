"""nflows: the flows of bench/cases.py, part for part as weir's presets."""
import importlib.metadata

import torch
from nflows import distributions, flows, transforms
from nflows.nn import nets
from nflows.utils import create_alternating_binary_mask
from serve import Unsupported
from with_torch import Flow, Runner

VERSION = (f"nflows {importlib.metadata.version('nflows')}, "
           f"torch {importlib.metadata.version('torch')}")


def triangular_solve(b, a, upper=True, transpose=False, unitriangular=False):
    """What nflows' LU layer calls and newer PyTorch has under another name."""
    return torch.linalg.solve_triangular(
        a.T if transpose else a, b, upper=upper != transpose,
        unitriangular=unitriangular), None


torch.triangular_solve = triangular_solve


class Net(torch.nn.Module):
    """A multilayer perceptron with the signature of a coupling's network."""

    def __init__(self, inputs, outputs, hidden, layers):
        super().__init__()
        self.net = nets.MLP([inputs], [outputs], [hidden] * layers)

    def forward(self, x, context=None):
        return self.net(x)


def mask(c, i):
    return create_alternating_binary_mask(c["features"], even=i % 2 == 0)


def spline(c, i):
    d, spline_options = c["features"], dict(
        num_bins=c["bins"], tails="linear", tail_bound=4.0)
    if c["family"] == "nsf":
        map_ = transforms.PiecewiseRationalQuadraticCouplingTransform(
            mask(c, i), lambda n, m: nets.ResidualNet(
                n, m, hidden_features=c["hidden"], num_blocks=c["layers"]),
            **spline_options)
    else:
        map_ = transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            features=d, hidden_features=c["hidden"], num_blocks=c["layers"],
            **spline_options)
    return [transforms.RandomPermutation(d), transforms.LULinear(d), map_]


def affine(c, i):
    d = c["features"]
    if c["family"] == "maf":
        return [transforms.ReversePermutation(d),
                transforms.MaskedAffineAutoregressiveTransform(
                    features=d, hidden_features=c["hidden"],
                    num_blocks=c["layers"] - 1, use_residual_blocks=False)]
    return [transforms.AffineCouplingTransform(
        mask(c, i), lambda n, m: Net(n, m, c["hidden"], c["layers"]))]


def make(peer, c, op, rows, threads):
    if c["family"] not in ("nsf", "nsf-ar", "maf", "realnvp"):
        raise Unsupported(c["family"])
    if c["family"] == "maf" and c["layers"] < 2:
        raise Unsupported("its masked networks have two hidden layers or more")
    step = spline if c["family"].startswith("nsf") else affine
    layers = [t for i in range(c["transforms"]) for t in step(c, i)]
    if step is spline:
        layers.append(transforms.LULinear(c["features"]))
    flow = flows.Flow(transforms.CompositeTransform(layers),
                      distributions.StandardNormal([c["features"]]))
    return Runner(Flow(flow, flow.log_prob, flow.sample_and_log_prob,
                       flow.transform_to_noise, d=c["features"]), op, rows, threads)
