#!/usr/bin/env python3
"""Prints what PyTorch's ResNet-18 gives for an image of 224×224 pixels, for ResNet18Tests.

    python3 resnet18-224.py

Weights and image follow from their names by whole numbers alone (`numbers`), as in the test, so that no file of 45 MB is needed.
The network is torchvision's resnet18 with 10 classes, written out below; made with PyTorch 2.6.0.
"""

import numpy
import torch
from torch import nn
from torch.nn import functional


def numbers(name, count):
    """Uniform in [-1, 1): the bits of FNV-1a of the name and of the place, mixed."""
    start = 2166136261
    for byte in name.encode():
        start = (start ^ byte) * 16777619 % 2**32
    with numpy.errstate(over="ignore"):
        x = numpy.uint32(start) + numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435769)
        x ^= x >> numpy.uint32(16)
        x *= numpy.uint32(0x21F0AAAD)
        x ^= x >> numpy.uint32(15)
        x *= numpy.uint32(0x735A2D97)
        x ^= x >> numpy.uint32(15)
    return (x.astype(numpy.float64) / 2**31 - 1).astype(numpy.float32)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for group in range(4):
            outputs = 64 << group
            blocks = nn.Sequential(Block(inputs, outputs, 1 if group == 0 else 2), Block(outputs, outputs, 1))
            setattr(self, f"layer{group + 1}", blocks)
            inputs = outputs
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


def value(name, tensor):
    """Matrices and kernels keep the size of what goes through them; statistics and norms are near what they begin with."""
    u = torch.from_numpy(numbers(name, tensor.numel())).reshape(tensor.shape)
    if tensor.dim() > 1:
        return u * (6 / tensor[0].numel()) ** 0.5
    return 1 + 0.25 * u if name.endswith("running_var") or "bn" in name and name.endswith("weight") \
        or name.endswith("downsample.1.weight") else 0.25 * u


def main():
    for double in (False, True):
        network = ResNet18().eval()
        state = network.state_dict()
        network.load_state_dict(
            {name: tensor if tensor.dim() == 0 else value(name, tensor) for name, tensor in state.items()})
        image = torch.from_numpy(numbers("image", 3 * 224 * 224)).reshape(1, 3, 224, 224)
        if double:
            network, image = network.double(), image.double()
        with torch.no_grad():
            logits = network(image)[0]
        print("double" if double else "single", ", ".join(f"{logit:.7g}" for logit in logits.tolist()))


main()
