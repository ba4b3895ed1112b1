"""flowjax: the flows of bench/cases.py, compiled by JAX. No LU layers, no residual blocks:
networks with as many layers of the same width."""
import importlib.metadata

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flowjax.bijections import Affine, RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow, masked_autoregressive_flow
from paramax import NonTrainable, unwrap
from serve import Unsupported, moments_z

VERSION = (f"flowjax {importlib.metadata.version('flowjax')}, "
           f"jax {importlib.metadata.version('jax')}")


def build(c):
    if c["family"].startswith("vae"):
        raise Unsupported(c["family"])
    spline = c["family"].startswith("nsf")
    options = dict(
        base_dist=Normal(jnp.zeros(c["features"])), flow_layers=c["transforms"],
        nn_width=c["hidden"], nn_depth=2 * c["layers"] + 1 if spline else c["layers"],
        transformer=RationalQuadraticSpline(knots=c["bins"], interval=4)
        if spline else Affine())
    key = jax.random.key(1)
    if c["family"] in ("nsf", "realnvp"):
        return coupling_flow(key, **options)
    if c["family"] in ("nsf-ar", "maf"):
        return masked_autoregressive_flow(key, **options)
    raise Unsupported(c["family"])


def make_rows(n, d):
    e = np.random.default_rng(1).standard_normal((n, d), dtype=np.float32)
    x = e.copy()
    for j in range(1, d):
        x[:, j] = 0.6 * x[:, j - 1] + 0.8 * e[:, j]
    return x


class Runner:
    def __init__(self, flow, op, rows, d):
        self.op, self.rows, self.d, self.flow = op, rows, d, flow
        self.key = jax.random.key(2)
        arrays = jax.tree.leaves(eqx.filter(flow, eqx.is_inexact_array))
        self.parameters = int(sum(a.size for a in arrays))
        getattr(self, "begin_" + ("train" if op == "train" else
                                  "sample" if op == "sample" else "density"))()

    def begin_train(self):
        self.data = make_rows(20 * self.rows, self.d)
        self.shuffle = np.random.default_rng(2)
        self.order, self.at = self.shuffle.permutation(20 * self.rows), 0
        self.params, static = eqx.partition(
            self.flow, eqx.is_inexact_array, is_leaf=lambda x: isinstance(x, NonTrainable))
        adam = optax.adam(1e-4)
        self.state = adam.init(self.params)

        def step(params, state, x):
            value, grad = eqx.filter_value_and_grad(
                lambda p: -unwrap(eqx.combine(p, static)).log_prob(x).mean())(params)
            change, state = adam.update(grad, state, params)
            return eqx.apply_updates(params, change), state, value

        self.compiled = eqx.filter_jit(step, donate="all")
        self.call = self.train

    def begin_density(self):
        flow = unwrap(self.flow)
        self.data = jnp.asarray(make_rows(self.rows, self.d))
        self.compiled = jax.jit(lambda x: flow.log_prob(x))
        self.call = self.density

    def begin_sample(self):
        flow = unwrap(self.flow)
        self.compiled = jax.jit(lambda key: flow.sample(key, (self.rows,)))
        self.call = self.sample

    def threads(self, n):
        raise RuntimeError("JAX takes its threads when it starts")

    def wait(self):
        jax.block_until_ready(self.out)

    def train(self):
        if self.at == len(self.order):
            self.order, self.at = self.shuffle.permutation(len(self.order)), 0
        x = self.data[self.order[self.at : self.at + self.rows]]
        self.at += self.rows
        self.params, self.state, self.out = self.compiled(self.params, self.state, x)

    def objective(self):
        return -float(self.out)

    def density(self):
        self.out = self.compiled(self.data)

    def sample(self):
        self.key, key = jax.random.split(self.key)
        self.out = self.compiled(key)

    def first(self):
        self.call()
        self.wait()
        out = {"finite": bool(jnp.isfinite(self.out).all())}
        if self.op == "sample":
            flow = unwrap(self.flow)
            z = jax.jit(jax.vmap(flow.bijection.inverse))(self.out)
            out["moments_z"] = moments_z(np.asarray(z, dtype=np.float64))
        return out


def make(peer, c, op, rows, threads):
    return Runner(build(c), op, rows, c["features"])
