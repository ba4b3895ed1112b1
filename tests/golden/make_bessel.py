"""Modified Bessel functions as von Mises-Fisher distributions need them, by mpmath with
60 digits: m, kappa, log I_nu(kappa) (nu = m/2 - 1), A = I_{nu+1} / I_nu, 1 - A, dA/dkappa,
and the divergence from the uniform distribution on the sphere in m dimensions.

Writes bessel.json beside this file. Run with mpmath: python3 make_bessel.py
"""
import json
import os

import mpmath as mp

mp.mp.dps = 60


def log_i(v, x):
    """By the ascending series where it converges quickly, by integration elsewhere."""
    if x < 3000:
        return mp.log(mp.besseli(v, x))
    # I_v(x) = (x/2)^v / (sqrt(pi) Gamma(v + 1/2)) int_-1^1 exp(x t) (1 - t^2)^(v - 1/2),
    # with t = 1 - s: exp(x) int_0^2 exp(-x s) (s (2 - s))^(v - 1/2) ds
    a = mp.mpf(v) - mp.mpf(1) / 2
    peak = mp.log(1 / mp.mpf(x))
    f = lambda s: mp.exp(-x * s + a * (mp.log(s) + mp.log(2 - s) - peak))
    top = (a + 1) / x
    points = [mp.mpf(0)] + [top * k for k in (mp.mpf(1) / 64, mp.mpf(1) / 8, mp.mpf(1) / 2, 1, 2, 4, 8, 32, 128)]
    points = [p for p in points if p < 2] + [mp.mpf(2)]
    total = mp.quad(f, points)
    return x + v * mp.log(mp.mpf(x) / 2) - mp.log(mp.pi) / 2 - mp.loggamma(a + 1) + mp.log(total) + a * peak


rows = []
for m in (2, 3, 4, 6, 11, 21, 41, 101, 200, 501, 1000):
    for text in ("1e-3", "0.1", "1", "10", "100", "1000", "10000", "100000", "1000000"):
        k, v = mp.mpf(text), mp.mpf(m) / 2 - 1
        i0, i1 = log_i(v, k), log_i(v + 1, k)
        a = mp.exp(i1 - i0)
        slope = 1 - a * a - (m - 1) * a / k
        log_c = v * mp.log(k) - mp.mpf(m) / 2 * mp.log(2 * mp.pi) - i0
        area = mp.log(2) + mp.mpf(m) / 2 * mp.log(mp.pi) - mp.loggamma(mp.mpf(m) / 2)
        rows.append([m, float(k)] + [float(q) for q in (i0, a, 1 - a, slope, k * a + log_c + area)])
        print(rows[-1], flush=True)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bessel.json")
with open(path, "w") as out:
    json.dump({"made_by": f"mpmath {mp.__version__}",
               "columns": ["m", "kappa", "log_i", "ratio", "gap", "slope", "kl"],
               "rows": rows}, out)
    out.write("\n")
