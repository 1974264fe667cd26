"""PacGen's models in PyTorch, with the same names, shapes, initialisation and order of parameters.

A state_dict of these, saved with safetensors, is what PacGen.Nn.Checkpoints.PyTorchLayout reads and writes.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """Linear layers with ReLU between them; images are flattened."""

    def __init__(self, *widths):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class MnistCnn(nn.Module):
    """PyTorch's MNIST example of 2018 without dropout: (N, 1, 28, 28) to (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, 5)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def convolution(inputs, outputs, kernel, stride, original):
    """A convolution as Wide-ResNet has them: Xavier's uniform with gain sqrt 2, biases 0 or none."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not original)
    nn.init.xavier_uniform_(layer.weight, gain=math.sqrt(2))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, original):
        super().__init__()
        self.original = original
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = convolution(inputs, outputs, 3, stride if original else 1, original)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = convolution(outputs, outputs, 3, 1 if original else stride, original)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(convolution(inputs, outputs, 1, stride, original))

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + self.shortcut(active if self.original and len(self.shortcut) else x)


class WideResNet(nn.Module):
    """Wide-ResNet of depth 6n + 4: the form of the paper's code, or the original of Zagoruyko and Komodakis."""

    def __init__(self, depth, widen, classes=10, channels=3, original=False):
        super().__init__()
        if depth < 10 or (depth - 4) % 6 != 0:
            raise ValueError(f"a Wide-ResNet's depth is 6n + 4, not {depth}")
        blocks = (depth - 4) // 6
        self.conv1 = convolution(channels, 16, 3, 1, original)
        self.layer1 = self.group(16, 16 * widen, blocks, 1, original)
        self.layer2 = self.group(16 * widen, 32 * widen, blocks, 2, original)
        self.layer3 = self.group(32 * widen, 64 * widen, blocks, 2, original)
        self.bn1 = nn.BatchNorm2d(64 * widen, momentum=0.1 if original else 0.9)
        self.linear = nn.Linear(64 * widen, classes)

    @staticmethod
    def group(inputs, outputs, blocks, stride, original):
        return nn.Sequential(*(
            Block(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1, original) for i in range(blocks)))

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.linear(F.relu(self.bn1(x)).mean((2, 3)))


class Encoder(nn.Module):
    """A transformer encoder of four layers and heads on rows of 256 numbers, and a linear layer of the mean over rows."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.linear = nn.Linear(256, 10)

    def forward(self, x):
        return self.linear(self.encoder(x.flatten(0, 1) if x.dim() == 4 else x).mean(1))


def create(name, **settings):
    """A model by PacGen's name for it."""
    if name == "mlp":
        return Mlp(*settings.get("widths", (64, 128, 10)))
    if name == "mnist-cnn":
        return MnistCnn()
    if name == "wide-resnet":
        return WideResNet(
            settings["depth"], settings["widen"], settings.get("classes", 10), settings.get("channels", 3),
            settings.get("original", False))
    if name == "encoder-256":
        return Encoder()
    raise ValueError(f"there is no model {name}")
