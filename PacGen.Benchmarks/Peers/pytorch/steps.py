#!/usr/bin/env python3
"""Times training steps in PyTorch: the same models, batches and optimizer as `pacgen bench --device`, plain and perturbed; and
the same matrix products, convolutions, copies and Adam updates.

Prints JSON objects, one a line, which `pacgen bench --device NAME --peer FILE` shows beside PacGen's times; a line of each row
for people goes to standard error. A row is a model, plain or perturbed, in a mode: eager, torch.compile, torch.compile with its
mode reduce-overhead, which replays CUDA graphs, or the whole eager step in one CUDA graph; in fp32 (TF32 off), TF32 or bf16
(autocast, the weights in fp32); and a form of the images, contiguous or channels last. Compiled and perturbed rows take the form
that was faster in eager.

The whole script ends within --budget seconds, compiling included: rows are done in the order of their worth, and what no time is
left for is a row with a note, as is what can't run here, such as torch.compile without a C++ compiler. The batch is on the device
already; a step is perturbation if any, forward, mean cross-entropy, backward, Adam. Each time is the best of those taken in
--seconds; steps of less than 5 ms go to the device several together and are waited for once, as PacGen's do.
"""

import argparse
import gc
import json
import math
import platform
import signal
import sys
import time

BEGUN = time.perf_counter()

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
    ("wrn-28-10", 128, (3, 32, 32), {"depth": 28, "widen": 10}),
    ("encoder-256", 32, (1, 64, 256), {}),
]

# Channels and image size of a Wide ResNet's three groups of blocks, the width being 3.
PRODUCTS, CONVOLUTIONS, COUNTS = [512, 1024, 2048, 4096, 8192], [(48, 32), (96, 16), (192, 8)], [10**6, 10**7, 10**8]

EAGER, GRAPH, COMPILE, REDUCE = "eager", "eager in a graph", "torch.compile", "torch.compile with graphs"
MODES = {"eager": EAGER, "graph": GRAPH, "compile": COMPILE, "reduce-overhead": REDUCE}
PRECISIONS = {"fp32": "", "tf32": ", TF32", "bf16": ", bf16"}
FORMS = {"contiguous": False, "channels-last": True}

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


def loss_of(model, precision, device):
    """The mean cross-entropy; in bf16 under autocast, the weights staying in fp32."""

    def loss(x, y):
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            return F.cross_entropy(model(x), y)

    return loss


def compiled(function, mode):
    """The function as a mode runs it."""
    if mode not in (COMPILE, REDUCE):
        return function
    return torch.compile(function, dynamic=False, mode="reduce-overhead" if mode == REDUCE else None)


class PlainStep:
    def __init__(self, model, images, labels, mode, precision):
        self.images, self.labels = images, labels
        self.optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=images.is_cuda, capturable=images.is_cuda)
        self.loss = compiled(loss_of(model, precision, images.device), mode)

    def __call__(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.images, self.labels).backward()
        self.optimizer.step()


class PerturbedStep:
    """All parameters in one tensor, so that each operation of Algorithm 1 is one kernel, or all of them one when compiled."""

    def __init__(self, model, images, labels, mode, precision):
        self.images, self.labels = images, labels
        parameters = list(model.parameters())
        # The model's own weights are w + u; w is kept beside them. The values keep the order in memory that they have, channels
        # last or not.
        self.forward = torch.cat([p.detach().as_strided((p.numel(),), (1,)) for p in parameters])
        self.gradient = torch.zeros_like(self.forward)
        start = 0
        for p in parameters:
            end = start + p.numel()
            p.data = self.forward[start:end].view(-1).as_strided(p.size(), p.stride())
            p.grad = self.gradient[start:end].view(-1).as_strided(p.size(), p.stride())
            start = end
        self.w = self.forward.clone()
        self.h, self.m = torch.full_like(self.w, 1e-6), torch.zeros_like(self.w)
        self.t = torch.ones((), device=images.device)
        self.norm = torch.full((), 1e-3, device=images.device)
        self.loss = compiled(loss_of(model, precision, images.device), mode)
        # Their outcomes are kept from step to step, so no graph of a pool may own them.
        self.perturb, self.update = (compiled(f, COMPILE if mode == REDUCE else mode) for f in (perturb, update))

    def __call__(self):
        with torch.no_grad():
            self.forward.copy_(self.perturb(self.w, self.h, self.gradient, self.norm))
            self.gradient.zero_()
        self.loss(self.images, self.labels).backward()
        with torch.no_grad():
            outcome = self.update(self.w, self.h, self.gradient, self.m, self.t)
            for kept, new in zip((self.h, self.m, self.w, self.norm), outcome):
                kept.copy_(new)
            self.t += 1


def in_a_graph(step):
    """The whole step as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def best(step, seconds, device):
    """The shortest time of a step, in milliseconds."""
    wait = (lambda: torch.cuda.synchronize(device)) if device.type == "cuda" else lambda: None
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


def one_line(error):
    if "CxxCompiler" in str(error) or "C compiler" in str(error):
        return "left out: torch.compile needs a C++ compiler (g++), and this machine has none"
    return " ".join(str(error).split())[:300] or type(error).__name__


def measure(row, extents, settings, device, arguments):
    """A row's time in milliseconds and its peak memory in MiB."""
    gc.collect()
    torch.manual_seed(1)
    if row["mode"] in (COMPILE, REDUCE):
        torch._dynamo.reset()
    cuda = device.type == "cuda"
    batch, precision = row["batch"], row["precision"]
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    model = models.create("wide-resnet" if settings else row["model"], **settings).to(device).train()
    if not cuda and batch >= 64:
        # A step that would take minutes is not begun: a 32nd of the batch tells.
        few = torch.randn(batch // 32, *extents)
        expected = math.inf
        for _ in range(4):  # the first is slower for reasons of its own
            begun = time.perf_counter()
            F.cross_entropy(model(few), torch.zeros(batch // 32, dtype=torch.long)).backward()
            expected = min(expected, 32 * (time.perf_counter() - begun))
        model.zero_grad(set_to_none=True)
        if expected > arguments.longest:
            raise RuntimeError(f"left out: a step would take about {expected:.0f} s")
    images = torch.randn(batch, *extents, device=device)
    if FORMS[row["form"]]:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) % 10
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    step = (PerturbedStep if row["perturbed"] else PlainStep)(model, images, labels, row["mode"], precision)
    milliseconds = best(in_a_graph(step) if row["mode"] == GRAPH else step, arguments.seconds, device)
    return milliseconds, torch.cuda.max_memory_allocated(device) / 2**20 if cuda else None


def works_of(device, precision):
    """Single pieces of work by the names that PacGen's benchmark gives them: each makes a function that does the work once."""

    def product(n):
        a, b = torch.randn(n, n, device=device, dtype=kind), torch.randn(n, n, device=device, dtype=kind)
        return lambda: torch.mm(a, b)

    def convolution(channels, size, which):
        x = torch.randn(128, channels, size, size, device=device, dtype=kind).to(memory_format=torch.channels_last)
        w = torch.randn(channels, channels, 3, 3, device=device, dtype=kind).to(memory_format=torch.channels_last)
        if which == "forward":
            return lambda: F.conv2d(x, w, padding=1)
        y = torch.randn_like(x)
        wanted = (which == "input gradient", which == "weight gradient", False)
        return lambda: torch.ops.aten.convolution_backward(y, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, wanted)

    def copy(count):
        source, target = torch.zeros(count, device=device), torch.zeros(count, device=device)
        return lambda: target.copy_(source)

    def adam(count):
        w = torch.full((count,), 0.05, device=device, requires_grad=True)
        w.grad = torch.full_like(w, 0.01)
        return torch.optim.Adam([w], lr=RATE, fused=device.type == "cuda").step

    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    works = [(f"matrix product, n = {n}", lambda n=n: product(n)) for n in PRODUCTS if device.type == "cuda" or n <= 2048]
    works += [(f"3×3 convolution, {c} channels, {s}×{s}, batch 128, {which}",
               lambda c=c, s=s, which=which: convolution(c, s, which))
              for c, s in CONVOLUTIONS for which in ("forward", "input gradient", "weight gradient")]
    if precision == "fp32":
        works += [(f"copy, {n:,} numbers", lambda n=n: copy(n)) for n in COUNTS]
        works += [(f"Adam update, {n:,} parameters", lambda n=n: adam(n)) for n in COUNTS]
    return works


def rows_of(arguments, cuda):
    """What is to be measured, in the order of its worth: eager steps, graphs and what compiles fast, then long compilations."""
    rows = []
    for place, (model, batch, extents, settings) in enumerate(STEPS):
        if arguments.models and not any(part in f"{model}-{batch}" for part in arguments.models):
            continue
        forms = ["contiguous"] if model == "mlp" else arguments.forms
        for perturbed in [False, True]:
            if arguments.steps not in ("both", "perturbed" if perturbed else "plain"):
                continue
            for short in arguments.precisions:
                for mode in (MODES[name] for name in arguments.modes):
                    for form in forms if mode == EAGER and not perturbed else [None] if len(forms) > 1 else forms:
                        if not cuda and (mode in (GRAPH, REDUCE) or short == "tf32"):
                            continue
                        deep = settings.get("depth", 0) > 16
                        rank = {EAGER: 0, GRAPH: 1, REDUCE: 4 if deep else 2, COMPILE: 3 if deep else 2}[mode]
                        worth = (rank + (1.5 if perturbed else 0) + (0.5 if short == "bf16" and mode != EAGER else 0), place)
                        key = {"model": model, "batch": batch, "perturbed": perturbed, "mode": mode, "precision": short,
                               "form": form}
                        rows.append((worth, key, extents, settings))
    return [row[1:] for row in sorted(rows, key=lambda row: row[0])]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def several(known):
        return lambda text: [one if one in known else parser.error(f"{one} is none of {', '.join(known)}")
                             for one in text.split(",")]

    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu",
        help="where to run: cuda, cuda:N or cpu; cuda where there is one")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long each step is repeated (default 0.2)")
    parser.add_argument("--budget", type=float, default=115,
        help="after so many seconds no row is begun and one that runs is ended (default 115)")
    parser.add_argument("--longest-compile", type=float, default=45,
        help="a row that takes longer, in seconds, is ended (default 45)")
    parser.add_argument("--longest", type=float, default=10,
        help="on the CPU, leave out steps that take longer, in seconds (default 10)")
    parser.add_argument("--models", type=lambda text: text.split(","), default=[],
        help="parts of the models' names and batches, such as mlp,mnist-cnn-1024,wrn")
    parser.add_argument("--modes", type=several(MODES), default=list(MODES), help="of " + ",".join(MODES))
    parser.add_argument("--precisions", type=several(PRECISIONS), default=list(PRECISIONS), help="of " + ",".join(PRECISIONS))
    parser.add_argument("--forms", type=several(FORMS), default=list(FORMS), help="of " + ",".join(FORMS))
    parser.add_argument("--no-works", action="store_true",
        help="training steps alone: no products, convolutions, copies, updates")
    parser.add_argument("--steps", choices=["plain", "perturbed", "both"], default="both", help="which steps (default both)")
    parser.add_argument("--output", help="a file for the JSON objects, beside standard output")
    return parser.parse_args()


def device_of(name):
    """The device by its index, which CUDA's calls ask for."""
    device = torch.device(name)
    if device.type != "cuda":
        return device
    if not torch.cuda.is_available():
        sys.exit("steps.py: PyTorch sees no CUDA device here; nvidia-smi shows whether the driver works, "
                 "--device cpu runs without one.")
    index = device.index or 0
    if index >= torch.cuda.device_count():
        sys.exit(f"steps.py: there is no cuda:{index} here, only {torch.cuda.device_count()} device(s), counted from 0.")
    torch.cuda.set_device(index)
    return torch.device("cuda", index)


class OutOfTime(Exception):
    pass


def ring(*_):
    raise OutOfTime


def main():
    arguments = parse()
    device = device_of(arguments.device)
    file = open(arguments.output, "w") if arguments.output else None

    def tell(**row):
        line = json.dumps(row)
        print(line, flush=True)
        if file:
            print(line, file=file, flush=True)

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    cudnn = torch.backends.cudnn.version() if device.type == "cuda" else None
    tell(torch=torch.__version__, device=name, python=platform.python_version(), cuda=torch.version.cuda, cudnn=cudnn)
    signal.signal(signal.SIGALRM, ring)
    fastest = {}
    for precision in [] if arguments.no_works else arguments.precisions:
        if precision == "tf32" and device.type != "cuda":
            continue
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        for name, work in works_of(device, precision):
            # A quarter of the time at most, so that the steps come.
            if time.perf_counter() - BEGUN > arguments.budget / 4:
                break
            row = {"work": name, "mode": EAGER + PRECISIONS[precision]}
            try:
                row["milliseconds"] = best(work(), arguments.seconds / 4, device)
            except Exception as error:  # whatever PyTorch can't do here, the other rows are wanted
                row["note"] = one_line(error)
            tell(**row)
            print(f"{name}, {row['mode']}: {row.get('note') or '%.4f ms' % row['milliseconds']}", file=sys.stderr, flush=True)
    for row, extents, settings in rows_of(arguments, device.type == "cuda"):
        case = (row["model"], row["batch"], row["precision"])
        row["form"] = row["form"] or fastest.get(case, (0, "channels-last" if row["precision"] == "bf16" else "contiguous"))[1]
        left = BEGUN + arguments.budget - time.perf_counter()
        begun = time.perf_counter()
        try:
            if left < 1:
                raise OutOfTime
            signal.setitimer(signal.ITIMER_REAL, min(left, arguments.longest_compile))
            try:
                row["milliseconds"], row["mebibytes"] = measure(row, extents, settings, device, arguments)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if row["mode"] == EAGER and not row["perturbed"]:
                fastest[case] = min(fastest.get(case, (math.inf, "")), (row["milliseconds"], row["form"]))
        except Exception as error:  # whatever PyTorch can't do here, the other rows are wanted
            late = isinstance(error, OutOfTime) or "OutOfTime" in repr(error)
            row["note"] = f"left out: {min(left, arguments.longest_compile):.0f} s were not enough" if late and left >= 1 else \
                f"left out: the budget of {arguments.budget:g} s was spent" if late else one_line(error)
        row["mode"] += PRECISIONS[row["precision"]]
        row["took"] = round(time.perf_counter() - begun, 2)
        tell(**row)
        said = row.get("note") or f"{row['milliseconds']:.4f} ms"
        perturbed = ", perturbed" if row["perturbed"] else ""
        print(f"{row['model']}, batch {row['batch']}{perturbed}, {row['mode']}, {row['form']}: {said}",
              file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
