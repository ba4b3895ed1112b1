"""What the PyTorch peers share: data, one step of Adam, densities, draws."""
import numpy as np
import torch
from serve import Unsupported, moments_z


def make_rows(n, d, bits=False):
    """Columns that depend on each other, as bench_weir makes them."""
    e = torch.randn(n, d, generator=torch.Generator().manual_seed(1))
    x = e.clone()
    for j in range(1, d):
        x[:, j] = 0.6 * x[:, j - 1] + 0.8 * e[:, j]
    return (x > 0.5).float() if bits else x


class Flow:
    """log_prob(x), draw(n) -> (x, log_prob), latent(x); modules hold the parameters."""

    def __init__(self, module, log_prob, draw=None, latent=None, bits=False, d=None):
        self.module, self.log_prob, self.draw, self.latent = module, log_prob, draw, latent
        self.bits, self.d = bits, d


class Runner:
    def __init__(self, flow, op, rows, threads):
        torch.set_num_threads(threads)
        self.flow, self.op, self.rows = flow, op, rows
        if op not in ("train", "log_prob", "sample", "row"):
            raise Unsupported(op)
        parameters = [p for p in flow.module.parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in parameters)
        if op == "train":
            self.data = make_rows(20 * rows, flow.d, flow.bits)
            self.order, self.at = torch.randperm(20 * rows), 0
            self.adam = torch.optim.Adam(parameters, lr=1e-4, fused=True)
            self.call = self.train
        elif op == "sample":
            flow.module.eval()
            self.call = self.sample
        else:
            flow.module.eval()
            self.data = make_rows(rows, flow.d, flow.bits)
            self.call = self.density

    def threads(self, n):
        torch.set_num_threads(n)

    def wait(self):
        pass

    def train(self):
        if self.at == len(self.order):
            self.order, self.at = torch.randperm(len(self.order)), 0
        x = self.data[self.order[self.at : self.at + self.rows]]
        self.at += self.rows
        loss = -self.flow.log_prob(x).mean()
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        self.loss = loss

    def objective(self):
        return -float(self.loss.detach())

    def density(self):
        with torch.inference_mode():
            self.values = self.flow.log_prob(self.data)

    def sample(self):
        with torch.inference_mode():
            self.drawn = self.flow.draw(self.rows)

    def first(self):
        self.call()
        if self.op == "train":
            return {"finite": bool(torch.isfinite(self.loss))}
        if self.op != "sample":
            return {"finite": bool(torch.isfinite(self.values).all())}
        with torch.inference_mode():
            x, given = self.drawn
            again, z = self.flow.log_prob(x), self.flow.latent(x)
        return {"finite": bool(torch.isfinite(x).all()),
                "moments_z": moments_z(z.numpy().astype(np.float64)),
                "density_difference": float((again - given).abs().max()) / x.shape[1]}
