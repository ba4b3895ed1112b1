"""Fixed numbers from nflows (torch): flows with random weights, rows, log densities.

Writes nflows.json beside this file: per case the tree of the same flow in weir, its
parameters under weir's names, rows, contexts and log densities in float64.
nflows lists the units of a masked network in the order 1, 2, ..., D-1, 1, 2, ...; weir in
ascending degree, so their rows and columns are sorted here.

Run with nflows 0.14 installed: python3 make_nflows.py
"""
import json
import os

import numpy as np
import torch
from nflows import distributions, flows, nn, transforms

torch.set_default_dtype(torch.float64)
D, H, BLOCKS, BINS, BOUND = 5, 12, 2, 6, 3.0


def numbers(x):
    return [float(v) for v in np.asarray(x.detach()).reshape(-1)]


def randomise(module, scale=0.4):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * scale)


def dense(params, name, layer):
    params[name + ".weight"] = numbers(layer.weight)
    params[name + ".bias"] = numbers(layer.bias)


def resnet(params, path, net, context):
    """An unmasked residual network: nflows joins context to the first layer's input."""
    w = net.initial_layer.weight
    d = w.shape[1] - context
    params[path + ".input.weight"] = numbers(w[:, :d])
    params[path + ".input.bias"] = numbers(net.initial_layer.bias)
    if context:
        params[path + ".context.weight"] = numbers(w[:, d:])
    for i, block in enumerate(net.blocks):
        dense(params, f"{path}.block[{i}].first", block.linear_layers[0])
        dense(params, f"{path}.block[{i}].second", block.linear_layers[1])
        if context:
            dense(params, f"{path}.block[{i}].gate", block.context_layer)
    dense(params, path + ".output", net.final_layer)


def masked_resnet(params, path, made):
    """A masked one, units sorted by degree; weights times their masks."""
    order = np.argsort(np.asarray(made.initial_layer.degrees), kind="stable")

    def put(name, layer, rows, cols):
        w = np.asarray((layer.weight * layer.mask).detach())
        b = np.asarray(layer.bias.detach())
        w = w[rows] if rows is not None else w
        w = w[:, cols] if cols is not None else w
        params[name + ".weight"] = [float(v) for v in w.reshape(-1)]
        params[name + ".bias"] = [float(v) for v in (b[rows] if rows is not None else b)]

    put(path + ".input", made.initial_layer, order, None)
    for i, block in enumerate(made.blocks):
        put(f"{path}.block[{i}].first", block.linear_layers[0], order, order)
        put(f"{path}.block[{i}].second", block.linear_layers[1], order, order)
    put(path + ".output", made.final_layer, None, order)


def lu(params, path, layer):
    d = layer.features
    lower, upper = np.zeros((d, d)), np.zeros((d, d))
    lower[layer.lower_indices[0], layer.lower_indices[1]] = numbers(layer.lower_entries)
    upper[layer.upper_indices[0], layer.upper_indices[1]] = numbers(layer.upper_entries)
    params[path + ".lower"] = [float(v) for v in lower.reshape(-1)]
    params[path + ".upper"] = [float(v) for v in upper.reshape(-1)]
    params[path + ".diagonal"] = numbers(layer.unconstrained_upper_diag)
    params[path + ".bias"] = numbers(layer.bias)


NET = {"name": "resnet", "hidden": H, "blocks": BLOCKS}
RQS = {"name": "rqs", "bins": BINS, "tail_bound": BOUND}


def residual(context):
    return lambda i, o: nn.nets.ResidualNet(i, o, H, context or None, num_blocks=BLOCKS)


def realnvp(context):
    """Affine couplings with the sigmoid scale, alternating masks."""
    steps, layers = [], []
    for i in range(3):
        mask = [(j + i) % 2 == 0 for j in range(D)]
        steps.append(transforms.AffineCouplingTransform(
            torch.tensor([float(m) for m in mask]), residual(context)))
        layers.append({"name": "coupling", "mask": [j for j in range(D) if mask[j]],
                       "map": {"name": "affine", "scale": "sigmoid"}, "net": NET})
    return steps, layers


def affine_rows(values, moved):
    """nflows gives all shifts, then all scales; weir (scale, shift) per column."""
    v = np.asarray(values)
    return np.stack([v[moved:], v[:moved]], 1).reshape((2 * moved,) + v.shape[1:])


def nsf_coupling(context):
    steps, layers = [], []
    for i in range(3):
        perm = transforms.RandomPermutation(D)
        linear = transforms.LULinear(D, identity_init=False)
        mask = [(j + i) % 2 == 0 for j in range(D)]
        steps += [perm, linear, transforms.PiecewiseRationalQuadraticCouplingTransform(
            torch.tensor([float(m) for m in mask]), residual(context), num_bins=BINS,
            tails="linear", tail_bound=BOUND, apply_unconditional_transform=True)]
        layers += [{"name": "permutation", "columns": [int(p) for p in perm._permutation]},
                   "lu_linear",
                   {"name": "coupling", "mask": [j for j in range(D) if mask[j]],
                    "map": RQS, "net": NET, "identity_map": RQS}]
    return steps, layers


def maf(context):
    steps, layers = [], []
    for i in range(3):
        steps += [transforms.ReversePermutation(D),
                  transforms.MaskedAffineAutoregressiveTransform(
                      D, H, num_blocks=BLOCKS)]
        layers += ["reverse", {"name": "autoregressive", "net": NET,
                               "map": {"name": "affine", "scale": "softplus"}}]
    return steps, layers


def nsf_autoregressive(context):
    steps, layers = [], []
    for i in range(3):
        linear = transforms.LULinear(D, identity_init=False)
        steps += [linear, transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            D, H, num_blocks=BLOCKS, num_bins=BINS, tails="linear", tail_bound=BOUND)]
        # nflows divides the logits by sqrt(hidden_features) where the network says what
        # they are, which its MADE forgets
        steps[-1].autoregressive_net.hidden_features = H
        layers += ["lu_linear", {"name": "autoregressive", "map": RQS, "net": NET}]
    return steps, layers


def export(steps, params, context):
    for i, step in enumerate(steps):
        path = f"dist.layers[{i}]"
        if isinstance(step, transforms.LULinear):
            lu(params, path, step)
        elif isinstance(step, transforms.AffineCouplingTransform):
            resnet(params, path + ".net", step.transform_net, context)
            moved = step.num_transform_features
            for part in ("weight", "bias"):
                name = f"{path}.net.output.{part}"
                v = getattr(step.transform_net.final_layer, part).detach().numpy()
                params[name] = [float(x) for x in affine_rows(v, moved).reshape(-1)]
        elif isinstance(step, transforms.PiecewiseRationalQuadraticCouplingTransform):
            resnet(params, path + ".net", step.transform_net, context)
            u = step.unconditional_transform
            theta = torch.cat([u.unnormalized_widths, u.unnormalized_heights,
                               u.unnormalized_derivatives], -1)
            params[path + ".identity_theta"] = numbers(theta)
        elif hasattr(step, "autoregressive_net"):
            masked_resnet(params, path + ".net", step.autoregressive_net)


def case(name, build, context):
    torch.manual_seed(sum(map(ord, name)))
    steps, layers = build(context)
    params = {}
    flow = flows.Flow(transforms.CompositeTransform(steps),
                      distributions.StandardNormal([D]))
    randomise(flow)
    flow.eval()
    export(steps, params, context)
    x = torch.randn(40, D) * 1.5
    x[0] *= 20.0  # far in the tails
    c = torch.randn(40, context) if context else None
    log_prob = flow.log_prob(x, c)
    z = flow.transform_to_noise(x, c)
    return {"name": name, "features": D, "context": context,
            "dist": {"name": "flow", "layers": layers, "base": "normal"},
            "params": params, "x": numbers(x), "contexts": numbers(c) if context else [],
            "z": numbers(z), "log_prob": numbers(log_prob)}


def main():
    cases = [case("realnvp", realnvp, 0), case("realnvp context", realnvp, 2),
             case("nsf coupling", nsf_coupling, 0),
             case("nsf coupling context", nsf_coupling, 2),
             case("maf", maf, 0), case("nsf autoregressive", nsf_autoregressive, 0)]
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nflows.json")
    with open(out, "w") as f:
        json.dump({"made_by": "nflows 0.14, torch " + torch.__version__.split("+")[0],
                   "cases": cases}, f)


main()
