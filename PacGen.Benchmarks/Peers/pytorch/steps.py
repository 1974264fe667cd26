#!/usr/bin/env python3
"""Times training steps in PyTorch: the same models, batches and optimizer as `pacgen bench --device`, plain and perturbed.

Prints JSON objects, one a line, which `pacgen bench --device NAME --peer FILE` shows beside PacGen's times; what happens goes to
standard error. A mode that can't run here, such as torch.compile without a C++ compiler, is an object with a note. The batch is on the
device already; a step is perturbation if any, forward, mean cross-entropy, backward, Adam. Single precision: TF32 is off, but for the
mode "eager, TF32". Each time is the best of those taken in --seconds and of images that lie contiguously or channels last; steps
of less than 5 ms go to the device several together and are waited for once, as PacGen's do.
"""

import argparse
import json
import math
import platform
import sys
import time

import torch
import torch._dynamo
from torch.nn import functional as F

import models

STEPS = [
    ("mlp", 32, (1, 8, 8), {}),
    ("mnist-cnn", 64, (1, 28, 28), {}),
    ("mnist-cnn", 1024, (1, 28, 28), {}),
    ("wrn-16-1", 128, (3, 32, 32), {"depth": 16, "widen": 1}),
    ("wrn-58-3", 128, (3, 32, 32), {"depth": 58, "widen": 3}),
]

# Algorithm 1's numbers as PacGen's benchmark sets them; Adam's second moment is h.
ETA, GAMMA, BETA1, BETA2, EPSILON, EPOCH = 0.01, 0.1, 0.999, 0.1, 1e-5, 3
RATE, ADAM_BETA1, ADAM_EPSILON = 1e-4, 0.9, 1e-8


def perturb(w, h, g, norm):
    """Lines 6 to 9: w + u over all parameters in one tensor."""
    log = math.log(1 + EPOCH)
    kappa = GAMMA / log * w.abs() + EPSILON
    rho = (g * g - h).abs() * ((1 - BETA1) / BETA1 / norm)
    sigma = torch.minimum(torch.rsqrt(h + rho * kappa) / (log * math.sqrt(ETA)), kappa)
    sigma = torch.where(g.abs() < BETA2, sigma, torch.zeros_like(sigma))
    return w + sigma * (2 * torch.rand_like(w) - 1)


def update(w, h, g, m, t):
    """Lines 11 and 12 with Adam as OPT: the new h, m, w and the norm of the change, which stays on the device."""
    m = torch.lerp(m, g, 1 - ADAM_BETA1)
    h = BETA1 * h + (1 - BETA1) * g * g
    change = RATE / (1 - ADAM_BETA1 ** t) * m / (torch.sqrt(h) / torch.sqrt(1 - BETA1 ** t) + ADAM_EPSILON)
    return h, m, w - change, change.norm()


class PlainStep:
    def __init__(self, model, images, labels, compiled):
        self.images, self.labels = images, labels
        self.optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=images.is_cuda)
        loss = lambda x, y: F.cross_entropy(model(x), y)
        self.loss = torch.compile(loss) if compiled else loss

    def __call__(self):
        self.optimizer.zero_grad()
        self.loss(self.images, self.labels).backward()
        self.optimizer.step()


class PerturbedStep:
    """All parameters in one tensor, so that each operation of Algorithm 1 is one kernel, or all of them one when compiled."""

    def __init__(self, model, images, labels, compiled):
        self.images, self.labels = images, labels
        parameters = list(model.parameters())
        # The model's own weights are w + u; w is kept beside them.
        self.forward = torch.cat([p.detach().reshape(-1) for p in parameters])
        self.gradient = torch.zeros_like(self.forward)
        start = 0
        for p in parameters:
            end = start + p.numel()
            p.data = self.forward[start:end].view_as(p)
            p.grad = self.gradient[start:end].view_as(p)
            start = end
        self.w = self.forward.clone()
        self.h, self.m = torch.full_like(self.w, 1e-6), torch.zeros_like(self.w)
        self.t = torch.ones((), device=images.device)
        self.norm = torch.full((), 1e-3, device=images.device)
        loss = lambda x, y: F.cross_entropy(model(x), y)
        self.loss, self.perturb, self.update = (torch.compile(f) for f in (loss, perturb, update)) if compiled else (loss, perturb, update)

    def __call__(self):
        with torch.no_grad():
            self.forward.copy_(self.perturb(self.w, self.h, self.gradient, self.norm))
            self.gradient.zero_()
        self.loss(self.images, self.labels).backward()
        with torch.no_grad():
            self.h, self.m, self.w, self.norm = self.update(self.w, self.h, self.gradient, self.m, self.t)
            self.t += 1


def best(step, seconds, device):
    """The shortest time of a step, in milliseconds."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    for _ in range(3):
        step()
    wait()
    begun = time.perf_counter()
    step()
    wait()
    together = min(1000, max(1, math.ceil(0.005 / (time.perf_counter() - begun))))
    started, shortest, taken = time.perf_counter(), math.inf, 0
    while taken < 5 or time.perf_counter() - started < seconds:
        begun = time.perf_counter()
        for _ in range(together):
            step()
        wait()
        shortest = min(shortest, (time.perf_counter() - begun) / together)
        taken += 1
        if taken >= 2 and time.perf_counter() - started > 10 * seconds:
            break
    return 1000 * shortest


def tell(**row):
    print(json.dumps(row), flush=True)


def one_line(error):
    if "CxxCompiler" in str(error) or "C compiler" in str(error):
        return "left out: torch.compile needs a C++ compiler (g++), and this machine has none"
    return " ".join(str(error).split())[:300] or type(error).__name__


def measure(name, batch, extents, settings, perturbed, mode, channels_last, arguments):
    torch.manual_seed(1)
    torch._dynamo.reset()
    tf32 = mode == "eager, TF32"
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    model = models.create("wide-resnet" if settings else name, **settings).to(arguments.device).train()
    if arguments.device == "cpu" and batch >= 64:
        # A step that would take minutes is not begun: a 32nd of the batch tells.
        few = torch.randn(batch // 32, *extents)
        expected = math.inf
        for _ in range(4):  # the first is slower for reasons of its own
            begun = time.perf_counter()
            F.cross_entropy(model(few), torch.zeros(batch // 32, dtype=torch.long)).backward()
            expected = min(expected, 32 * (time.perf_counter() - begun))
        model.zero_grad()
        if expected > arguments.longest:
            raise RuntimeError(f"left out: a step would take about {expected:.0f} s")
    images = torch.randn(batch, *extents, device=arguments.device)
    if channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=arguments.device) % 10
    step = (PerturbedStep if perturbed else PlainStep)(model, images, labels, mode == "torch.compile")
    return best(step, arguments.seconds, arguments.device)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="where to run: cuda, cuda:N or cpu; cuda where there is one")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each step is repeated (default 0.5)")
    parser.add_argument("--longest", type=float, default=10, help="on the CPU, leave out steps that take longer, in seconds (default 10)")
    parser.add_argument("--only", default="", help="the models whose names contain this")
    parser.add_argument("--eager", action="store_true", help="leave torch.compile out")
    arguments = parser.parse_args()
    if arguments.device.startswith("cuda"):
        # PyTorch takes no device without an index here.
        torch.cuda.set_device(torch.device(arguments.device).index or 0)
    name = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else f"CPU, {torch.get_num_threads()} threads"
    tell(torch=torch.__version__, device=name, python=platform.python_version(), cuda=torch.version.cuda)
    modes = ["eager"] + ([] if arguments.eager else ["torch.compile"]) + (["eager, TF32"] if arguments.device.startswith("cuda") else [])
    for model, batch, extents, settings in STEPS:
        for perturbed in (False, True):
            for mode in modes if arguments.only in model else []:
                row = {"model": model, "batch": batch, "perturbed": perturbed, "mode": mode}
                try:
                    forms = {"contiguous": False} if model == "mlp" else {"contiguous": False, "channels last": True}
                    times = {form: measure(model, batch, extents, settings, perturbed, mode, last, arguments) for form, last in forms.items()}
                    row["form"] = min(times, key=times.get)
                    row["milliseconds"] = times[row["form"]]
                except Exception as error:  # whatever PyTorch can't do here, the other rows are wanted
                    row["note"] = one_line(error)
                tell(**row)
                print(f"{model}, batch {batch}{', perturbed' if perturbed else ''}, {mode}: {row.get('note') or '%.4f ms' % row['milliseconds']}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
