"""Makes the networks that the tests of ONNX and .pt files read.

    python3 make-networks.py

Five small networks, trained for a few epochs by PyTorch on the digits that PacGen embeds (the regression net on a formula). Of
each: NAME.onnx, NAME.pt (its state_dict), and NAME.safetensors with inputs x, PyTorch's outputs y and ONNX Runtime's z. Made
with PyTorch 2.6, onnx 1.17 and onnxruntime 1.21, as Debian 13 has them.
"""

import csv
import gzip
import pathlib

import numpy
import onnx
import onnx.version_converter
import onnxruntime
import safetensors.numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
torch.backends.mha.set_fastpath_enabled(False)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 16)
        self.fc3 = nn.Linear(16, 10)

    def forward(self, x):
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(torch.tanh(self.fc2(x)))


class GroupedCnn(nn.Module):
    """Convolution, batch norm and ReLU, with groups and a depthwise convolution; ends with a flattened image of 24×2×2."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 24, 3, padding=1, groups=4), nn.BatchNorm2d(24, momentum=0.2), nn.ReLU(), nn.AvgPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(96, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


class BasicBlock(nn.Module):
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
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """ResNet-18 as in torchvision, with 4 channels in place of 64 and a first stride of 1."""

    def __init__(self, width=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 7, 1, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(width, width, 1), BasicBlock(width, width, 1))
        self.layer2 = nn.Sequential(BasicBlock(width, 2 * width, 2), BasicBlock(2 * width, 2 * width, 1))
        self.layer3 = nn.Sequential(BasicBlock(2 * width, 4 * width, 2), BasicBlock(4 * width, 4 * width, 1))
        self.layer4 = nn.Sequential(BasicBlock(4 * width, 8 * width, 1), BasicBlock(8 * width, 8 * width, 1))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, 10)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Transformer(nn.Module):
    """A transformer encoder over the rows of an image: one norm behind, one in front of each part; mean over the rows."""

    def __init__(self, width=16):
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.position = nn.Parameter(torch.randn(1, 8, width) * 0.1)
        self.first = nn.TransformerEncoderLayer(width, 4, 32, 0.1, "gelu", batch_first=True)
        self.second = nn.TransformerEncoderLayer(width, 2, 32, 0.0, "relu", batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.embed(x.squeeze(1)) + self.position
        return self.head(self.norm(self.second(self.first(x))).mean(1))


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.BatchNorm1d(6), nn.Linear(6, 24), nn.SiLU(), nn.Linear(24, 24), nn.LeakyReLU(0.1), nn.Linear(24, 2))

    def forward(self, x):
        return self.net(x)


class Operators(nn.Module):
    """Operators that the others lack: of images, then of sequences."""

    def __init__(self):
        super().__init__()
        self.images = nn.Sequential(
            nn.ZeroPad2d((0, 1, 1, 0)), nn.Conv2d(3, 8, 3, dilation=2, padding=2), nn.GroupNorm(2, 8), nn.Hardswish(),
            nn.Conv2d(8, 6, (1, 3), stride=(1, 2), padding=(0, 1)), nn.PReLU(6), nn.ConvTranspose2d(6, 6, 3, 2, 1, 1, groups=1),
            nn.InstanceNorm2d(6, affine=True), nn.ELU(0.5), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.sequences = nn.Sequential(
            nn.Conv1d(9, 8, 3, padding=1), nn.BatchNorm1d(8), nn.Softplus(), nn.MaxPool1d(2), nn.Conv1d(8, 4, 2, groups=2))
        self.mix = nn.Linear(12, 12)

    def forward(self, x):
        a, b = self.images(x).chunk(2, dim=1)
        y = torch.cat([a * torch.sigmoid(b), torch.maximum(a, b), torch.clamp(b, -0.5, 0.7)], dim=1)
        y = self.sequences(y.mean(3) + y.amax(3) ** 2).flatten(1)
        z = torch.where(y > 0.2, torch.exp(-y), torch.log(1 + y.abs()))
        z = self.mix(torch.nn.functional.pad(z, (2, 2))[:, : 12])
        return torch.softmax(z.view(-1, 3, 4).transpose(1, 2), 1).reshape(-1, 12)[:, ::2] + torch.erf(z[:, 6:])


class Reshaped(nn.Module):
    """Exported for batches of one alone, which stand in its reshape."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(64, 5)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).view(x.size(0), -1))


def digits():
    path = FOLDER.parent.parent / "PacGen.Nn" / "Data" / "Digits" / "digits.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = numpy.array([[float(value) for value in row] for row in csv.reader(file)])
    x = ((rows[:, :64] / 16 - 0.3052) / 0.3758).astype(numpy.float32).reshape(-1, 1, 8, 8)
    y = rows[:, 64].astype(numpy.int64)
    rank = numpy.zeros(len(y), dtype=int)
    for label in range(10):
        rank[y == label] = numpy.arange((y == label).sum())
    train = rank % 5 != 2
    return torch.tensor(x[train]), torch.tensor(y[train]), torch.tensor(x[~train]), torch.tensor(y[~train])


def table(count):
    x = torch.randn(count, 6) * torch.tensor([1.0, 2, 3, 1, 1, 1]) + 1
    return x, torch.stack([x[:, 0] * x[:, 1] / 4 + x[:, 2], torch.sin(x[:, 3]) - x[:, 4]], 1)


def train(model, x, y, loss, epochs):
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss(model(x[batch]), y[batch]).backward()
            optimizer.step()
    model.eval()


def save(name, model, x, opset):
    with torch.no_grad():
        y = model(x)
    torch.save(model.state_dict(), FOLDER / f"{name}.pt")
    path = FOLDER / f"{name}.onnx"
    torch.onnx.export(
        model, (x,), path, opset_version=opset, input_names=["x"], output_names=["y"], dynamo=False,
        dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
        # Without this a convolution and its batch norm are exported as one convolution.
        training=torch.onnx.TrainingMode.PRESERVE)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    z = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})[0]
    print(name, sum(p.numel() for p in model.parameters()), "parameters, largest difference", abs(z - y.numpy()).max(),
          sorted({node.op_type for node in onnx.load(path).graph.node}))
    safetensors.numpy.save_file({"x": x.numpy(), "y": y.numpy(), "z": z}, FOLDER / f"{name}.safetensors")


def operators():
    """Untrained networks, and a file in other forms: the newest version of ONNX, weights in a file beside it, batches of one."""
    torch.manual_seed(2)
    model = Operators()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.GroupNorm, nn.InstanceNorm2d)):
            nn.init.normal_(module.weight, 1, 0.3)
            nn.init.normal_(module.bias, 0, 0.3)
    model.sequences[1].running_mean.normal_()
    model.sequences[1].running_var.uniform_(0.5, 2)
    save("operators", model.eval(), torch.randn(4, 3, 9, 10), 18)
    (FOLDER / "operators.pt").unlink()

    grouped = onnx.load(FOLDER / "grouped-cnn.onnx")
    newest = onnx.version_converter.convert_version(grouped, onnx.defs.onnx_opset_version())
    onnx.save(newest, FOLDER / "newest.onnx")
    onnx.save(
        onnx.load(FOLDER / "regression.onnx"), FOLDER / "beside.onnx", save_as_external_data=True, location="beside.onnx.data",
        size_threshold=64)

    torch.manual_seed(3)
    model, x = Reshaped().eval(), torch.randn(4, 3, 6, 6)
    torch.onnx.export(
        model, (x[:1],), FOLDER / "one-at-a-time.onnx", opset_version=13, input_names=["x"], output_names=["y"], dynamo=False)
    with torch.no_grad():
        y = model(x)
    safetensors.numpy.save_file({"x": x.numpy(), "y": y.numpy(), "z": y.numpy()}, FOLDER / "one-at-a-time.safetensors")


def main():
    torch.set_num_threads(1)
    x, y, test, labels = digits()
    for name, make, epochs, opset in [
            ("mlp", Mlp, 5, 13), ("grouped-cnn", GroupedCnn, 5, 17), ("resnet18", ResNet18, 5, 18),
            ("transformer", Transformer, 8, 20)]:
        torch.manual_seed(1)
        model = make()
        train(model, x, y, nn.functional.cross_entropy, epochs)
        with torch.no_grad():
            print(name, "test accuracy", (model(test).argmax(1) == labels).float().mean().item())
        save(name, model, test[:16], opset)

    torch.manual_seed(1)
    model = Regression()
    train(model, *table(2000), nn.functional.mse_loss, 10)
    save("regression", model, table(16)[0], 20)
    operators()


main()
