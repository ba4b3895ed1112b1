"""normflows: the flows of bench/cases.py, by its own layers."""
import importlib.metadata

import normflows as nf
from serve import Unsupported
from with_torch import Flow, Runner

VERSION = (f"normflows {importlib.metadata.version('normflows')}, "
           f"torch {importlib.metadata.version('torch')}")


def step(c, i):
    d, hidden, layers = c["features"], c["hidden"], c["layers"]
    options = dict(num_bins=c.get("bins"), tail_bound=4.0)
    if c["family"] == "nsf":
        return [nf.flows.CoupledRationalQuadraticSpline(d, layers, hidden, **options),
                nf.flows.LULinearPermute(d)]
    if c["family"] == "nsf-ar":
        return [nf.flows.AutoregressiveRationalQuadraticSpline(
                    d, layers, hidden, **options), nf.flows.LULinearPermute(d)]
    if c["family"] == "maf":  # as it stands it draws in one pass: an inverse autoregressive flow
        made = nf.flows.MaskedAffineAutoregressive(
            d, hidden, num_blocks=layers - 1, use_residual_blocks=False)
        return [nf.flows.Reverse(made), nf.flows.Permute(d, mode="swap")]
    net = nf.nets.MLP([(d + 1) // 2] + [hidden] * layers + [2 * (d // 2)])
    return [nf.flows.AffineCouplingBlock(net), nf.flows.Permute(d, mode="swap")]


def make(peer, c, op, rows, threads):
    if c["family"] not in ("nsf", "nsf-ar", "maf", "realnvp"):
        raise Unsupported(c["family"])
    if c["family"] == "maf" and c["layers"] < 2:
        raise Unsupported("its masked networks have two hidden layers or more")
    layers = [f for i in range(c["transforms"]) for f in step(c, i)]
    base = nf.distributions.DiagGaussian(c["features"], trainable=False)
    flow = nf.NormalizingFlow(base, layers)
    return Runner(Flow(flow, flow.log_prob, flow.sample, flow.inverse,
                       d=c["features"]), op, rows, threads)
