"""Fixed numbers from torch.nn.functional: convolution networks, and dense ones with gates
and norms, with random weights.

Writes conv.json beside this file: per case the network's spec in weir, its parameters under
weir's names and in weir's layout ([out, kh, kw, in]; [in, kh, kw, out] where transposed),
rows, and in float64 the results in evaluation and in training (they differ by batch
normalisation) and the gradient of sum_i cos(i) y_i in the rows, in training.

Run with torch installed: python3 make_conv.py
"""
import json
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EPS = 1e-5
ACT = {"none": lambda x: x, "relu": torch.relu, "elu": F.elu, "tanh": torch.tanh,
       "softplus": F.softplus, "silu": F.silu, "sigmoid": torch.sigmoid,
       "leaky_relu": lambda x: F.leaky_relu(x, 0.01)}


def numbers(x):
    return [float(f"{v:.17g}") for v in x.detach().reshape(-1)]


class Net:
    def __init__(self):
        self.params, self.saved, self.train = {}, {}, False

    def tensor(self, name, shape, layout=None, positive=False):
        """A parameter in torch's layout, drawn on first use."""
        if name not in self.params:
            x = torch.randn(shape) * 0.4
            self.params[name] = x.abs() + 0.5 if positive else x
            self.saved[name] = numbers(self.params[name].permute(layout)
                                       if layout else self.params[name])
        return self.params[name]

    def unit(self, x, name, kind, out, spec, kernel=1, last=False, **how):
        """Weights, norm, gate, activation; x has channels second."""
        norm = "none" if last else spec.get("norm", "none")
        gated = not last and spec.get("gated", False)
        act = ACT["none" if last else spec.get("activation", "relu")]
        total, c = out * (2 if gated else 1), x.shape[1]
        if kind == "dense":
            w = self.tensor(name + "weight", (total, c))
        elif kind == "conv":
            w = self.tensor(name + "weight", (total, c, kernel, kernel), (0, 2, 3, 1))
        else:
            w = self.tensor(name + "weight", (c, total, kernel, kernel), (0, 2, 3, 1))
        bias = self.tensor(name + "bias", (total,))
        axis = 1 if kind == "transposed" else 0
        if norm == "weight":
            g = self.tensor(name + "gain", (total,), positive=True)
            other = [i for i in range(w.dim()) if i != axis]
            shape = [-1 if i == axis else 1 for i in range(w.dim())]
            w = w * (g.reshape(shape) / w.pow(2).sum(other, keepdim=True).sqrt())
        b = None if norm == "batch" else bias
        y = (F.linear(x, w, b) if kind == "dense" else
             F.conv2d(x, w, b, **how) if kind == "conv" else
             F.conv_transpose2d(x, w, b, **how))
        if norm == "batch":
            g = self.tensor(name + "gain", (total,), positive=True)
            m = self.tensor(name + "mean", (total,))
            v = self.tensor(name + "variance", (total,), positive=True)
            y = F.batch_norm(y, None if self.train else m, None if self.train else v, g,
                             bias, self.train, eps=EPS)
        return act(y[:, :out]) * torch.sigmoid(y[:, out:]) if gated else act(y)

    def block(self, x, spec, path, wanted):
        kind = spec["name"]
        path += "."
        if kind == "dense":
            image = spec.get("image")
            out = image[0] * image[1] * image[2] if image else spec.get("features", wanted)
            flat = x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x
            y = self.unit(flat, path, "dense", out, spec,
                          last=not image and "features" not in spec)
            if image:
                y = y.reshape(-1, *image).permute(0, 3, 1, 2)
            return y
        if kind in ("conv", "conv_transpose"):
            k = spec.get("kernel", 3 if kind == "conv" else 4)
            s = spec.get("stride", 1 if kind == "conv" else 2)
            p = spec.get("pad", (k - 1) // 2)
            how = {"stride": s, "padding": p}
            if kind == "conv_transpose":
                how["output_padding"] = x.shape[2] * s - ((x.shape[2] - 1) * s + k - 2 * p)
            return self.unit(x, path, "conv" if kind == "conv" else "transposed",
                             spec.get("channels", wanted), spec, k,
                             last="channels" not in spec, **how)
        if kind == "residual":
            c = spec.get("channels", x.shape[1])
            s = 2 if spec.get("resample") == "down" else 1
            if spec.get("resample") == "up":
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            plain = dict(spec, activation="none")
            around = dict(plain, gated=False)
            h = self.unit(x, path + "first.", "conv", c, spec, 3, stride=s, padding=1)
            h = self.unit(h, path + "second.", "conv", c, plain, 3, padding=1)
            if c != x.shape[1] or "resample" in spec:
                x = self.unit(x, path + "around.", "conv", c, around, 1, stride=s)
            return ACT[spec.get("activation", "relu")](x + h)
        size = spec.get("size", 2)
        return {"max_pool": lambda: F.max_pool2d(x, size),
                "avg_pool": lambda: F.avg_pool2d(x, size),
                "upsample": lambda: F.interpolate(x, scale_factor=size)}[kind]()

    def dense(self, spec, rows, context, out):
        x = rows if context is None else torch.cat([rows, context], 1)
        for i, width in enumerate(spec["hidden"]):
            x = self.unit(x, f"net.hidden[{i}].", "dense", width, spec)
        return self.unit(x, "net.output.", "dense", out, spec, last=True)

    def run(self, spec, rows, context, out):
        if spec["name"] == "mlp":
            return self.dense(spec, rows, context, out)
        h, w = spec["image"]
        more = context
        if spec.get("input", "image") == "image":
            c = spec.get("channels", rows.shape[1] // (h * w))
            x = rows[:, :c * h * w].reshape(-1, c, h, w)
            rest = rows[:, c * h * w:]
            rest = torch.cat([rest, more], 1) if more is not None else rest
            x = torch.cat([x, rest[:, :, None, None].expand(-1, -1, h, w)], 1)
        else:
            x = rows if more is None else torch.cat([rows, more], 1)
        image = spec.get("output", "features") == "image"
        wanted = out // (h * w) if image else out
        blocks = list(spec["blocks"])
        if "channels" in blocks[-1] or "features" in blocks[-1] or \
                blocks[-1]["name"] not in ("conv", "conv_transpose", "dense"):
            blocks.append({"name": "conv" if image else "dense"})
        for i, block in enumerate(blocks):
            x = self.block(x, block, f"net.blocks[{i}]", wanted)
        return x.flatten(1)


def case(name, spec, width, out, context=0):
    torch.manual_seed(len(name))
    net = Net()
    rows = torch.randn(4, width, requires_grad=True)
    given = torch.randn(4, context) if context else None
    spec = spec if "name" in spec else dict(spec, name="conv")
    result = {"name": name, "net": spec, "in": width, "out": out, "context": context,
              "x": numbers(rows), "contexts": numbers(given) if context else [],
              "eval": numbers(net.run(spec, rows, given, out))}
    net.train = True
    y = net.run(spec, rows, given, out)
    seed = torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)
    (y * seed).sum().backward()
    return dict(result, train=numbers(y), gx=numbers(rows.grad), params=net.saved)


CASES = [
    case("encoder", {"image": [8, 6], "blocks": [
        {"name": "conv", "channels": 3, "kernel": 4, "stride": 2},
        {"name": "residual", "channels": 4, "resample": "down", "activation": "elu"},
        {"name": "dense", "features": 5, "activation": "tanh"}]}, 96, 6),
    case("decoder", {"image": [8, 8], "input": "features", "output": "image", "blocks": [
        {"name": "dense", "image": [2, 2, 3], "activation": "leaky_relu"},
        {"name": "conv_transpose", "channels": 4, "activation": "silu"},
        {"name": "residual", "resample": "up", "activation": "softplus"},
        {"name": "conv", "kernel": 5}]}, 3, 128),
    case("batch norm", {"image": [6, 6], "blocks": [
        {"name": "conv", "channels": 2, "norm": "batch"},
        {"name": "avg_pool"},
        {"name": "residual", "channels": 3, "norm": "batch", "activation": "silu"},
        {"name": "conv_transpose", "channels": 2, "kernel": 3, "norm": "batch"},
        {"name": "max_pool", "size": 3},
        {"name": "dense", "features": 4, "norm": "batch", "activation": "sigmoid"}]}, 36, 2),
    case("weight norm, gates", {"image": [4, 4], "output": "image", "blocks": [
        {"name": "conv", "channels": 3, "norm": "weight", "gated": True,
         "activation": "none"},
        {"name": "residual", "norm": "weight", "gated": True, "activation": "elu"},
        {"name": "max_pool"},
        {"name": "conv_transpose", "channels": 3, "norm": "weight", "activation": "tanh"},
        {"name": "avg_pool"},
        {"name": "upsample"}]}, 32, 16),
    case("columns beside the image, context", {"image": [3, 4], "channels": 1, "blocks": [
        {"name": "conv", "channels": 2, "gated": True}]}, 14, 3, 2),
    case("features and context", {"image": [4, 4], "input": "features", "output": "image",
                                  "blocks": [{"name": "dense", "image": [2, 2, 2]},
                                             {"name": "conv_transpose"}]}, 2, 16, 1),
    case("gated mlp", {"name": "mlp", "hidden": [5, 4], "gated": True,
                       "activation": "tanh"}, 3, 4, 2),
    case("mlp, batch norm", {"name": "mlp", "hidden": [5, 4], "norm": "batch",
                             "activation": "elu"}, 3, 4),
    case("mlp, weight norm and gates", {"name": "mlp", "hidden": [6], "norm": "weight",
                                        "gated": True, "activation": "relu"}, 3, 4, 1),
]

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "conv.json")
with open(path, "w") as f:
    json.dump({"torch": torch.__version__.split("+")[0], "cases": CASES}, f, indent=0)
    f.write("\n")
