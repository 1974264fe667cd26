"""PyTorch's side of PyTorchInterchangeTests: models.py lies beside this file in the tests' output.

  interchange.py versions           prints the versions of Python, PyTorch and safetensors
  interchange.py check FOLDER       loads each NAME.safetensors of PacGen's, runs NAME's images, prints how far the logits differ
  interchange.py make FOLDER        trains models a little and writes NAME.safetensors and NAME-outputs.safetensors
  interchange.py describe FILE ...  prints what safe_open finds in files: metadata, and of each array its shape, type and SHA-256
"""

import hashlib
import json
import os
import platform
import sys

import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

import models

MODELS = {
    "mnist-cnn": (lambda: models.create("mnist-cnn"), (1, 28, 28)),
    "wide-resnet-paper": (lambda: models.create("wide-resnet", depth=10, widen=1), (3, 32, 32)),
    "wide-resnet-original": (lambda: models.create("wide-resnet", depth=10, widen=1, original=True), (3, 32, 32)),
}


def channels_last(images):
    return images.permute(0, 2, 3, 1).contiguous()


def check(folder):
    for name, (create, _) in MODELS.items():
        weights = load_file(os.path.join(folder, f"{name}.safetensors"))
        model = create()
        # Strict but for the counters, which PacGen does not have.
        counters = {key: value for key, value in model.state_dict().items() if key.endswith("num_batches_tracked")}
        model.load_state_dict({**weights, **counters}, strict=True)
        outputs = load_file(os.path.join(folder, f"{name}-outputs.safetensors"))
        with torch.no_grad():
            logits = model.eval()(outputs["images"].permute(0, 3, 1, 2))
        print(json.dumps({
            "model": name, "arrays": len(weights), "counters": len(counters),
            "difference": (logits - outputs["logits"]).abs().max().item(), "largest": logits.abs().max().item()}))


def make(folder):
    torch.manual_seed(7)
    for name, (create, extents) in MODELS.items():
        model = create().train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(model(torch.randn(16, *extents)), torch.arange(16) % 10).backward()
            optimizer.step()
        model.eval()
        for kind in (torch.float32, torch.float16, torch.bfloat16):
            label = name if kind == torch.float32 else f"{name}-{str(kind).split('.')[1]}"
            state = {key: value.to(kind) if value.is_floating_point() else value for key, value in model.state_dict().items()}
            save_file(state, os.path.join(folder, f"{label}.safetensors"))
            # What the rounded weights give, computed in single precision.
            rounded = create()
            rounded.load_state_dict(
                {key: value.float() if value.is_floating_point() else value for key, value in state.items()}, strict=True)
            images = torch.randn(5, *extents)
            with torch.no_grad():
                logits = rounded.eval()(images)
            save_file({"images": channels_last(images), "logits": logits}, os.path.join(folder, f"{label}-outputs.safetensors"))


def describe(paths):
    for path in paths:
        with safe_open(path, framework="pt") as file:
            arrays = {}
            for key in file.keys():
                value = file.get_tensor(key).contiguous()
                digest = hashlib.sha256(value.numpy().tobytes()).hexdigest()
                arrays[key] = {"shape": list(value.shape), "type": str(value.dtype), "sha256": digest}
            print(json.dumps({"path": path, "metadata": file.metadata(), "arrays": arrays}))


if __name__ == "__main__":
    verb, rest = sys.argv[1], sys.argv[2:]
    torch.set_num_threads(1)
    if verb == "versions":
        print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, safetensors {safetensors.__version__}")
    elif verb == "check":
        check(rest[0])
    elif verb == "make":
        make(rest[0])
    elif verb == "describe":
        describe(rest)
    else:
        sys.exit(f"unknown: {verb}")
