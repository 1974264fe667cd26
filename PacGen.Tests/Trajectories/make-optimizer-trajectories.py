#!/usr/bin/env python3
"""Makes optimizers.trajectory.gz: ten training steps of SAM, ASAM, two-point noise, SWA, EMA and IVON in PyTorch (fp32, one
thread), which PacGen's own steps must follow from the same weights on the same batches.

    python3 make-optimizer-trajectories.py

Needs torch and numpy (Debian 13: apt-get install python3-torch; made with PyTorch 2.6.0). Weights and batches are those of
mlp.trajectory.gz, beside this script, which make-trajectories.cs made of the UCI digits (CC BY 4.0). The format is described
there. A run's `after/N` are the weights that are evaluated after N steps: those of SWA and EMA are the average.
For every run it prints the losses, and how far the same steps in double precision end from the single-precision ones.

SAM and ASAM are Algorithm 1 of their papers, two passes and a torch.optim.SGD; two-point noise is Algorithm 1 of "Noise
Stability Optimization" with one sample; SWA and EMA are torch.optim.swa_utils.AveragedModel around torch.optim.SGD; IVON is
Algorithm 1 of its paper with one sample a step and the learning rate rescaled by h0 + delta, as in the authors' code. Random
numbers are PacGen's, made here anew: Philox4x32-10 of (seed, stream, step, element), and a Gaussian by its inverse.
"""
import gzip
import math
import os
import struct

import numpy
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

HERE = os.path.dirname(os.path.abspath(__file__))
RATE, MOMENTUM = 0.05, 0.9
SEED, STREAM = 1, 0x70657274
KEPT = (1, 4, 10)


def read(path):
    with gzip.open(path) as file:
        data = file.read()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    arrays = {}
    for _ in range(take("i")):
        length = take("i")
        name, at = data[at:at + length].decode(), at + length
        kind = numpy.dtype("<f4") if take("B") == 0 else numpy.dtype("u1")
        extents = [take("i") for _ in range(take("i"))]
        count = math.prod(extents)
        arrays[name] = numpy.frombuffer(data, kind, count, at).reshape(extents)
        at += count * kind.itemsize
    return arrays


def write(path, arrays):
    parts = [struct.pack("<i", len(arrays))]
    for name, array in arrays.items():
        array = numpy.ascontiguousarray(array)
        is_bytes = array.dtype == numpy.uint8
        parts += [
            struct.pack("<i", len(name.encode())), name.encode(), struct.pack("<Bi", is_bytes, array.ndim),
            struct.pack(f"<{array.ndim}i", *array.shape), array.astype("u1" if is_bytes else "<f4").tobytes()]
    with open(path, "wb") as file:
        file.write(gzip.compress(b"".join(parts), 9, mtime=0))


def words(step, count):
    """The random words of a step's elements."""
    quads = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    mask = numpy.uint64(0xFFFFFFFF)
    c = [quads & mask, quads >> numpy.uint64(32), numpy.full_like(quads, STREAM), numpy.full_like(quads, step)]
    key = [SEED & 0xFFFFFFFF, SEED >> 32]
    for _ in range(10):
        a, b = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        c = [
            (b >> numpy.uint64(32)) ^ c[1] ^ numpy.uint64(key[0]), b & mask,
            (a >> numpy.uint64(32)) ^ c[3] ^ numpy.uint64(key[1]), a & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return numpy.stack(c, axis=1).reshape(-1)[:count]


def gaussian(step, count, precision):
    """Standard Gaussian numbers of a step."""
    word = words(step, count)
    magnitude = ((word & numpy.uint64(0x7FFFFFFF)).astype(numpy.float64) + 0.5) * 2.0**-31
    sign = 1 - 2 * (word >> numpy.uint64(31)).astype(numpy.float64)
    return (math.sqrt(2) * torch.erfinv(torch.from_numpy(magnitude)) * torch.from_numpy(sign)).to(precision)


class Mlp(torch.nn.Module):
    """Linear layers with ReLU between them; weights (in, out), in the order of the file."""

    def __init__(self, arrays, precision):
        super().__init__()
        initial = [a for name, a in arrays.items() if name.startswith("initial/")]
        self.layers = torch.nn.ParameterList([torch.from_numpy(a.copy()).to(precision) for a in initial])

    def forward(self, x):
        for i in range(0, len(self.layers), 2):
            x = (torch.relu(x) if i > 0 else x) @ self.layers[i] + self.layers[i + 1]
        return x


class Run:
    """A model, its batches, and where its gradient is."""

    def __init__(self, arrays, precision):
        self.precision = precision
        self.model = Mlp(arrays, precision)
        self.parameters = list(self.model.parameters())
        self.sgd = torch.optim.SGD(self.parameters, RATE, MOMENTUM)
        divisor, mean, deviation = arrays["normalization"]
        images = arrays["images"].astype(numpy.float32)
        self.inputs = torch.from_numpy((images / divisor - mean) / deviation).to(precision)
        self.labels = torch.from_numpy(arrays["labels"].astype(numpy.int64))

    def gradient(self, step):
        self.sgd.zero_grad()
        loss = torch.nn.functional.cross_entropy(self.model(self.inputs[step]), self.labels[step])
        loss.backward()
        return loss.item()

    def weights(self):
        return torch.cat([p.detach().reshape(-1) for p in self.parameters])

    def gradients(self):
        return torch.cat([p.grad.reshape(-1) for p in self.parameters])

    def place(self, flat):
        torch.nn.utils.vector_to_parameters(flat, self.parameters)

    def apply(self, gradient):
        start = 0
        for p in self.parameters:
            p.grad = gradient[start:start + p.numel()].reshape(p.shape).clone()
            start += p.numel()
        self.sgd.step()


def ascent(point):
    def step(run, at):
        w = run.weights()
        loss = run.gradient(at)
        run.place(point(w, run.gradients()))
        run.gradient(at)
        second = run.gradients()
        run.place(w)
        run.apply(second)
        return loss
    return lambda run: (step, run.weights)


def sam(w, g, rho=0.5):
    return w + rho * g / (g.norm() + 1e-12)


def asam(w, g, rho=1, eta=0.01):
    t = w.abs() + eta
    return w + rho * t * t * g / ((t * g).norm() + 1e-12)


def two_point(run, gamma=0.5, epsilon=0.05):
    def step(run, at):
        w = run.weights()
        u = (gamma * w.abs() + epsilon) * gaussian(at, w.numel(), run.precision)
        run.place(w + u)
        loss = run.gradient(at)
        first = run.gradients()
        run.place(w - u)
        run.gradient(at)
        second = run.gradients()
        run.place(w)
        run.apply((first + second) / 2)
        return loss
    return step, run.weights


def averaged(counts, multi_avg_fn=None):
    def start(run):
        average = AveragedModel(run.model, multi_avg_fn=multi_avg_fn)

        def step(run, at):
            loss = run.gradient(at)
            run.sgd.step()
            if counts(at + 1):
                average.update_parameters(run.model)
            return loss

        def evaluated():
            if average.n_averaged == 0:
                return run.weights()
            return torch.cat([p.detach().reshape(-1) for p in average.module.parameters()])
        return step, evaluated
    return start


def ivon(run, rate=0.2, examples=320, beta1=0.9, beta2=0.99, delta=0.01, first=0.4):
    count = run.weights().numel()
    m, h = torch.zeros(count, dtype=run.precision), torch.full((count,), first, dtype=run.precision)

    def step(run, at):
        w = run.weights()
        sigma = 1 / torch.sqrt(examples * (h + delta))
        run.place(w + sigma * gaussian(at, count, run.precision))
        theta = run.weights()
        loss = run.gradient(at)
        g = run.gradients()
        estimate = g * (theta - w) / sigma**2
        m.mul_(beta1).add_((1 - beta1) * g)
        h.copy_(beta2 * h + (1 - beta2) * estimate + 0.5 * (1 - beta2)**2 * (h - estimate)**2 / (h + delta))
        run.place(w - rate * (first + delta) * (m / (1 - beta1**(at + 1)) + delta * w) / (h + delta))
        return loss
    return step, run.weights


RUNS = {
    "sam": ascent(sam),
    "asam": ascent(asam),
    "two-point": two_point,
    # Epochs of two batches; the ends of epochs 2 to 5.
    "swa": averaged(lambda steps: steps % 2 == 0 and steps >= 4),
    "ema": averaged(lambda steps: True, get_ema_multi_avg_fn(0.9)),
    "ivon": ivon,
}


def train(arrays, name, precision):
    run = Run(arrays, precision)
    step, evaluated = RUNS[name](run)
    losses, after = [], {}
    for at in range(len(arrays["labels"])):
        losses.append(step(run, at))
        after[at + 1] = evaluated().clone()
    return losses, after


def main():
    torch.set_num_threads(1)
    source = read(os.path.join(HERE, "mlp.trajectory.gz"))
    kept = {name: a for name, a in source.items() if name in ("images", "labels", "normalization") or name.startswith("initial/")}
    start = torch.cat([torch.from_numpy(a.copy()).reshape(-1) for n, a in kept.items() if n.startswith("initial/")]).double()
    for name in RUNS:
        losses, after = train(source, name, torch.float32)
        _, exact = train(source, name, torch.float64)
        kept[f"{name}/settings"] = numpy.array([RATE, MOMENTUM, 0, 0, 0, 0, 0], numpy.float32)
        kept[f"{name}/losses"] = numpy.array(losses, numpy.float32)
        for steps in KEPT:
            kept[f"{name}/after/{steps}"] = after[steps].numpy()
        last, true = after[10].double(), exact[10]
        print(f"{name}: losses {', '.join(f'{loss:.4f}' for loss in losses)}; double differs by "
              f"{((last - true).abs().max() / true.abs().max()).item():.1e}, of the way by "
              f"{((last - true).norm() / (true - start).norm()).item():.1e}")
    write(os.path.join(HERE, "optimizers.trajectory.gz"), kept)


if __name__ == "__main__":
    main()
