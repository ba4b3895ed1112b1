#!/usr/bin/env python3
"""A posterior of posteriordb by NumPyro's NUTS: one line of JSON.

    on_numpyro.py NAME DATA.json SEED CHAINS WARMUP DRAWS

The models are those of posteriordb, written for NumPyro: priors, flat ones included, and
parameters as there; target acceptance 0.8, diagonal metric, trees of at most 10 doublings,
float64: the settings of weir's NUTS. Chains run one after the other, on one core. The run is made twice; the first one compiles, and what
it takes longer than the second is given apart."""

import json
import os
import sys
import time

os.environ["JAX_PLATFORMS"] = "cpu"

import arviz
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS

jax.config.update("jax_enable_x64", True)


def flat(name, shape=()):
    return numpyro.sample(name, dist.ImproperUniform(dist.constraints.real, (), shape))


def flat_positive(name):
    return numpyro.sample(name, dist.ImproperUniform(dist.constraints.positive, (), ()))


def eight_schools_noncentered(data):
    y, sigma = jnp.array(data["y"], float), jnp.array(data["sigma"], float)
    mu = numpyro.sample("mu", dist.Normal(0.0, 5.0))
    tau = numpyro.sample("tau", dist.HalfCauchy(5.0))
    trans = numpyro.sample("theta_trans", dist.Normal(0.0, 1.0).expand([len(y)]))
    theta = numpyro.deterministic("theta", trans * tau + mu)
    numpyro.sample("y", dist.Normal(theta, sigma), obs=y)


def arK(data):
    y, k = jnp.array(data["y"], float), data["K"]
    alpha = numpyro.sample("alpha", dist.Normal(0.0, 10.0))
    beta = numpyro.sample("beta", dist.Normal(0.0, 10.0).expand([k]))
    sigma = numpyro.sample("sigma", dist.HalfCauchy(2.5))
    lagged = jnp.stack([y[k - i - 1:len(y) - i - 1] for i in range(k)], axis=1)
    numpyro.sample("y", dist.Normal(alpha + lagged @ beta, sigma), obs=y[k:])


def kidscore_interaction(data):
    hs, iq = jnp.array(data["mom_hs"], float), jnp.array(data["mom_iq"], float)
    beta = flat("beta", (4,))
    sigma = numpyro.sample("sigma", dist.HalfCauchy(2.5))
    mean = beta[0] + beta[1] * hs + beta[2] * iq + beta[3] * hs * iq
    numpyro.sample("y", dist.Normal(mean, sigma),
                   obs=jnp.array(data["kid_score"], float))


def nes(data):
    column = {k: jnp.array(data[k], float) for k in data if k != "N"}
    age = column["age_discrete"]
    x = jnp.stack([jnp.ones_like(age), column["real_ideo"], column["race_adj"], age == 2,
                   age == 3, age == 4, column["educ1"], column["gender"],
                   column["income"]], axis=1)
    beta = flat("beta", (9,))
    sigma = flat_positive("sigma")
    numpyro.sample("y", dist.Normal(x @ beta, sigma), obs=column["partyid7"])


MODELS = {f.__name__: f for f in (eight_schools_noncentered, arK, kidscore_interaction, nes)}


def sample(mcmc, key):
    """Seconds of the processor and gradients of warm-up and draws."""
    started = time.process_time()
    mcmc.warmup(key, extra_fields=("num_steps",), collect_warmup=True)
    gradients = int(np.sum(mcmc.get_extra_fields()["num_steps"]))
    mcmc.run(mcmc.post_warmup_state.rng_key, extra_fields=("num_steps", "diverging"))
    jax.block_until_ready(mcmc.get_samples())
    gradients += int(np.sum(mcmc.get_extra_fields()["num_steps"]))
    return time.process_time() - started, gradients


def summarise(mcmc):
    draws = mcmc.get_samples(group_by_chain=True)
    rows = []
    for name, x in draws.items():
        x = np.asarray(x)
        flat_x = x.reshape(x.shape[0], x.shape[1], -1)
        for i in range(flat_x.shape[2]):
            one = flat_x[:, :, i]
            rows.append({
                "name": name if x.ndim == 2 else f"{name}[{i + 1}]",
                "mean": float(one.mean()), "sd": float(one.std(ddof=1)),
                "mcse_mean": float(arviz.mcse(one)), "rhat": float(arviz.rhat(one)),
                "ess_bulk": float(arviz.ess(one, method="bulk"))})
    return rows


def main():
    name, path, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    chains, warmup, draws = (int(a) for a in sys.argv[4:7])
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    kernel = NUTS(lambda: MODELS[name](data), target_accept_prob=0.8, max_tree_depth=10)
    mcmc = MCMC(kernel, num_warmup=warmup, num_samples=draws, num_chains=chains,
                chain_method="sequential", progress_bar=False)
    first, _ = sample(mcmc, jax.random.PRNGKey(seed + 1000))
    seconds, gradients = sample(mcmc, jax.random.PRNGKey(seed))
    rows = summarise(mcmc)
    print(json.dumps({
        "version": numpyro.__version__, "seconds": seconds, "compile": first - seconds,
        "gradients": gradients, "summary": rows,
        "ess_bulk": min(r["ess_bulk"] for r in rows), "rhat": max(r["rhat"] for r in rows),
        "divergent": int(np.sum(mcmc.get_extra_fields()["diverging"]))}))


if __name__ == "__main__":
    main()
