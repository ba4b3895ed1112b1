"""The cases: what is built, what is timed, the goal, and the work that cannot be avoided.

A case's floor is operations / product rate + bytes / bandwidth, both measured in the same
run. Operations are those of the dense layers alone, masked weights left out: 2 per weight
and row for a pass, three passes for a training step, less the gradient of the data. Bytes:
28 per weight for a step of Adam (weight, gradient and two moments read, all but the gradient
written), 4 per weight otherwise.
"""

PEERS = ["nflows", "zuko", "zuko-compiled", "normflows", "flowjax", "pytorch",
         "pytorch-compiled"]


def flow(family, features, transforms, hidden, layers, bins=0):
    c = dict(family=family, features=features, transforms=transforms, hidden=hidden,
             layers=layers)
    return dict(c, bins=bins) if bins else c


NSF = flow("nsf", 6, 10, 256, 2, 8)
NSF_AR = flow("nsf-ar", 6, 10, 256, 2, 8)
MAF43 = flow("maf", 43, 5, 512, 2)
MAF784 = flow("maf", 784, 5, 1024, 1)
REALNVP8 = flow("realnvp", 8, 10, 256, 2)
REALNVP2 = flow("realnvp", 2, 8, 64, 2)
VAE = dict(family="vae", features=784, hidden=500, layers=2, latent=40)
VAE_IAF = dict(VAE, family="vae-iaf", steps=4, width=320)
VAE_CONV = dict(family="vae-conv", features=784, latent=40, hidden=256)

# name, title, model, operation, rows, goal (ratio to the best peer at 2 threads)
CASES = [
    ("nsf-train", "6-d, 10 RQ-spline couplings 2 x 256, batch 512: train",
     NSF, "train", 512, 2.2),
    ("nsf-log-prob", "the same: log_prob of 4,096 rows", NSF, "log_prob", 4096, 1.6),
    ("nsf-ar-train", "the same, autoregressive: train", NSF_AR, "train", 512, 2.8),
    ("nsf-ar-draw", "the same, autoregressive: draw 1,000", NSF_AR, "sample", 1000, 12),
    ("maf-train-512", "43-d, 5 MADE x 2 x 512, batch 512: train",
     MAF43, "train", 512, 2.5),
    ("maf-train-100", "the same, batch 100: train", MAF43, "train", 100, 3),
    ("maf-draw", "the same: draw 1,000", MAF43, "sample", 1000, 60),
    ("made-784-draw", "784-d, 5 MADE x 1,024: draw 100", MAF784, "sample", 100, 400),
    ("realnvp-train", "8-d, 10 affine couplings 2 x 256, batch 512: train",
     REALNVP8, "train", 512, 2),
    ("small-train", "2-d, 8 affine couplings 2 x 64, batch 256: train",
     REALNVP2, "train", 256, 10),
    ("small-row", "the same: log_prob of one row, prepared evaluator",
     REALNVP2, "row", 1, 100),
    ("vae-train", "MLP VAE 784-500-500-40, batch 100: train", VAE, "train", 100, 1.6),
    ("vae-conv-train", "convolutional VAE, batch 100: train",
     VAE_CONV, "train", 100, 1.5),
    ("vae-iaf-train", "MLP VAE, 4 inverse autoregressive steps of 320: train",
     VAE_IAF, "train", 100, 2),
]


def weir_model(c):
    """The model section for weir."""
    family = c["family"]
    if family.startswith("vae"):
        model = {"name": family, "latent_dim": c["latent"], "hidden_features": c["hidden"]}
        if "layers" in c:
            model.update(hidden_layers=c["layers"])
        if family == "vae-iaf":
            model.update(length=c["steps"], step_features=c["width"], step_layers=2)
        return model
    model = {"name": family, "transforms": c["transforms"],
             "hidden_features": c["hidden"], "hidden_layers": c["layers"], "dropout": 0}
    if family.startswith("nsf"):
        return dict(model, bins=c["bins"])
    return dict(model, batch_norm=False)


# ---- floors ----

def degrees_fraction(d, first, last):
    """Part of the weights that a mask keeps: units of degrees 1 .. d - 1 in equal numbers,
    inputs and outputs of degrees 1 .. d."""
    if first:
        return 0.5
    return 0.5 if last else 0.5 * (1.0 + 1.0 / (d - 1))


def coupling_net(c, outputs_per_column):
    a, b = c["features"] - c["features"] // 2, c["features"] // 2
    layers = 2 * c["layers"] if "bins" in c else c["layers"] - 1
    h = c["hidden"]
    return [(a, h, 1.0)] + [(h, h, 1.0)] * layers + [(h, b * outputs_per_column, 1.0)]


def masked_net(c, outputs_per_column):
    d, h = c["features"], c["hidden"]
    layers = 2 * c["layers"] if "bins" in c else c["layers"] - 1
    inner = degrees_fraction(d, False, False)
    return ([(d, h, degrees_fraction(d, True, False))] + [(h, h, inner)] * layers
            + [(h, d * outputs_per_column, degrees_fraction(d, False, True))])


def vae_net(c):
    h, d, z = c["hidden"], c["features"], c["latent"]
    net = [(d, h, 1.0), (h, h, 1.0), (h, 2 * z, 1.0)]
    if c["family"] == "vae-iaf":  # its steps see the encoder's last layer
        w = c["width"]
        net += [(z, w, 0.5), (h, w, 1.0), (w, w, 0.51), (w, 2 * z, 0.5)] * c["steps"]
    return net + [(z, h, 1.0), (h, h, 1.0), (h, d, 1.0)]


def conv_net():
    """Encoder 28 x 28 -> 32 x 14 x 14 -> 64 x 7 x 7 -> 256 -> 2 x 40 and back, kernels of 4
    by 4: (weights, places each is used at)."""
    return [(32 * 16, 14 * 14), (64 * 32 * 16, 7 * 7), (3136 * 256, 1), (256 * 80, 1),
            (40 * 256, 1), (256 * 3136, 1), (64 * 32 * 16, 7 * 7), (32 * 16, 14 * 14)]


def weights(c):
    """[(weights, uses per row)] of the whole model, in order."""
    if c["family"] == "vae-conv":
        return conv_net()
    if c["family"].startswith("vae"):
        return [(a * b * f, 1) for a, b, f in vae_net(c)]
    each = {"nsf": 3 * c.get("bins", 0) - 1, "nsf-ar": 3 * c.get("bins", 0) - 1}.get(
        c["family"], 2)
    masked = c["family"] in ("nsf-ar", "maf")
    net = (masked_net if masked else coupling_net)(c, each)
    return [(a * b * f, 1) for a, b, f in net] * c["transforms"]


def work(c, op, rows):
    """Operations and bytes of one call that cannot be avoided."""
    parts = weights(c)
    passes = 2.0 * rows * sum(w * uses for w, uses in parts)
    count = sum(w for w, _ in parts)
    if op == "train":
        first = 2.0 * rows * parts[0][0] * parts[0][1]
        return 3.0 * passes - first, 28.0 * count + 8.0 * rows * c["features"]
    return passes, 4.0 * count + 8.0 * rows * c["features"]


def floor(c, op, rows, ceilings, threads):
    """Seconds of a call at the ceilings measured for so many threads. A single row reads its
    weights from the cache, on one thread: handing over a part costs more than the row."""
    operations, moved = work(c, op, rows)
    at = ceilings["1" if op == "row" else str(threads)]
    band = at["cache"] if op == "row" else at["memory"]
    return operations / (1e9 * at["gemm"]) + moved / (1e9 * band)
