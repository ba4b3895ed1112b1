"""Writes arviz.json: diagnostics by ArviZ of chains and weights that test_diagnose.c makes
by the same arithmetic. Python 3 with arviz, numpy.

    python3 make_arviz.py > arviz.json
"""

import json
import warnings

warnings.filterwarnings("ignore")

import arviz
import numpy as np


class Numbers:
    """x <- 6364136223846793005 x + 1442695040888963407 mod 2^64; u = (x >> 11) 2^-53."""

    def __init__(self, seed):
        self.x = seed

    def uniform(self):
        self.x = (6364136223846793005 * self.x + 1442695040888963407) % 2**64
        return (self.x >> 11) * 2.0**-53


def chains(seed, m, n, keep, shift, power):
    """Autoregressive chains of uniform noise, chain k moved by k * shift, raised to an
    odd power for heavy tails."""
    r = Numbers(seed)
    out = np.empty((m, n))
    for k in range(m):
        x = 0.0
        for i in range(n):
            x = keep * x + (r.uniform() - 0.5)
            y = x + k * shift
            out[k, i] = y * y * y if power == 3 else y
    return out


def ratios(seed, n, scale):
    """scale * (sum of 4 uniforms - 2)^3: log weights with a tail."""
    r = Numbers(seed)
    out = np.empty(n)
    for i in range(n):
        s = r.uniform() + r.uniform() + r.uniform() + r.uniform() - 2.0
        out[i] = scale * s * s * s
    return out


CHAINS = [(1, 4, 400, 0.0, 0.0, 1), (2, 4, 401, 0.9, 0.0, 1), (3, 4, 300, 0.5, 0.3, 1),
          (4, 2, 250, 0.3, 0.0, 3), (5, 1, 500, 0.7, 0.0, 1), (6, 4, 200, -0.6, 0.0, 1)]
RATIOS = [(7, 1000, 0.1), (8, 1000, 0.3), (9, 4000, 0.6), (10, 200, 1.0)]


def of_chains(case):
    x = chains(*case)
    rhat = float(arviz.rhat(x, method="rank")) if len(x) > 1 else None
    return {"case": case, "rhat": rhat, "ess_bulk": float(arviz.ess(x, method="bulk")),
            "ess_tail": float(arviz.ess(x, method="tail")),
            "mcse_mean": float(arviz.mcse(x, method="mean")),
            "mcse_sd": float(arviz.mcse(x, method="sd")), "mean": float(x.mean()),
            "sd": float(x.std(ddof=1)), "q5": float(np.quantile(x, 0.05)),
            "q95": float(np.quantile(x, 0.95)), "bfmi": [float(b) for b in arviz.bfmi(x)]}


def of_ratios(case):
    x = ratios(*case)
    weights, khat = arviz.psislw(x.copy())
    return {"case": case, "khat": float(khat), "largest": float(np.max(weights)),
            "smallest": float(np.min(weights)), "ess": float(1 / np.sum(np.exp(2 * weights))),
            "log_mean": float(np.log(np.mean(np.exp(x))))}


print(json.dumps({"made_with": f"arviz {arviz.__version__}, numpy {np.__version__}",
                  "chains": [of_chains(c) for c in CHAINS],
                  "ratios": [of_ratios(c) for c in RATIOS]}, indent=1))
