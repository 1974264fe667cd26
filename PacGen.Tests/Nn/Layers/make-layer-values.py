#!/usr/bin/env python3
"""Makes layer-values.safetensors: what layers and losses of PyTorch give, for LayerValueTests.

    python3 make-layer-values.py

Needs torch, numpy and safetensors (Debian 13: apt-get install python3-torch python3-safetensors; made with PyTorch 2.6.0).
Everything is computed in double precision and stored in single. A case NAME has its input NAME/x (images as N, H, W, C), its
state_dict NAME/state/…, its output NAME/y (images likewise), weights NAME/r of the output, and of the scalar s = Σ r·y²:
∂s/∂x as NAME/dx, the gradients of its parameters as NAME/grad/…, and with a direction NAME/v of x, the Hessian-vector product
∂⟨∂s/∂x, v⟩/∂x as NAME/hx. Losses have NAME/x, NAME/t, NAME/y (a scalar), NAME/dx and NAME/hx; s is the loss itself.
"""
import os

import numpy
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
arrays = {}


def store(name, tensor):
    arrays[name] = numpy.ascontiguousarray(tensor.detach().numpy().astype(numpy.float32))


def rounded(tensor):
    return tensor.float().double()


def last(tensor):
    """Channels last."""
    return tensor.movedim(1, -1)


def case(name, module, *shape, images=False, scale=1.0, x=None, gradients=True, training=False):
    with torch.no_grad():
        for parameter in module.parameters():
            # Norms' weights and biases too are to be seen.
            parameter.copy_(rounded(parameter + 0.1 * torch.randn_like(parameter)))
        for buffer in module.buffers():
            if buffer.dtype.is_floating_point:
                buffer.copy_(rounded(buffer + 0.3 * torch.rand_like(buffer)))
    module.train(training)
    for key, value in module.state_dict().items():
        if "num_batches_tracked" not in key:
            store(f"{name}/state/{key}", value)
    whole = x is not None
    x = x if whole else rounded(scale * torch.randn(*shape)).requires_grad_()
    y = module(x)
    y = y[0] if isinstance(y, tuple) else y
    r = rounded(torch.rand_like(y) + 0.5)
    s = (r * y * y).sum()
    view = last if images else (lambda t: t)
    out = last if images and y.dim() == x.dim() else (lambda t: t)
    for key, value in (("x", view(x)), ("y", out(y)), ("r", out(r))):
        store(f"{name}/{key}", value)
    named = [(key, p) for key, p in module.named_parameters()]
    if named and gradients:
        for (key, _), g in zip(named, torch.autograd.grad(s, [p for _, p in named], create_graph=True)):
            store(f"{name}/grad/{key}", g)
    if not whole:
        v = rounded(torch.randn_like(x))
        (dx,) = torch.autograd.grad(s, x, create_graph=True)
        (hx,) = torch.autograd.grad((dx * v).sum(), x)
        for key, value in (("dx", dx), ("v", v), ("hx", hx)):
            store(f"{name}/{key}", view(value))


def loss(name, function, x, t, **others):
    x = rounded(x).requires_grad_()
    y = function(x, t, **others)
    v = rounded(torch.randn_like(x))
    (dx,) = torch.autograd.grad(y, x, create_graph=True)
    # Of |x| the second derivative is 0 but at its kink.
    hx = torch.zeros_like(x) if name == "l1" else torch.autograd.grad((dx * v).sum(), x)[0]
    for key, value in (("x", x), ("t", t.double()), ("y", y.reshape(1)), ("dx", dx), ("v", v), ("hx", hx)):
        store(f"{name}/{key}", value)


case("gelu", nn.GELU(), 5, 13, scale=2)
case("gelu-tanh", nn.GELU("tanh"), 5, 13, scale=2)
case("silu", nn.SiLU(), 5, 13, scale=2)
case("leaky-relu", nn.LeakyReLU(0.2), 5, 13)
case("prelu", nn.PReLU(6), 3, 6)
case("elu", nn.ELU(1.3), 5, 13)
case("softplus", nn.Softplus(), 5, 13, scale=3)
case("softplus-2", nn.Softplus(2), 5, 13)
case("hardswish", nn.Hardswish(), 5, 13, scale=3)
case("layer-norm", nn.LayerNorm(7), 3, 5, 7)
case("layer-norm-2", nn.LayerNorm((3, 4)), 2, 3, 4)
case("group-norm", nn.GroupNorm(3, 6), 2, 6, 4, 3, images=True)
case("instance-norm", nn.InstanceNorm2d(3, affine=True), 2, 3, 4, 5, images=True)
case("rms-norm", nn.RMSNorm(7), 3, 7)
case("conv-rectangular", nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 2)), 2, 3, 7, 6, images=True)
case("conv-dilated", nn.Conv2d(2, 3, 3, padding=2, dilation=(2, 3)), 2, 2, 8, 9, images=True)
case("conv-groups", nn.Conv2d(6, 9, 3, padding=1, groups=3), 2, 6, 5, 4, images=True)
case("conv-same", nn.Conv2d(2, 3, (4, 3), padding="same"), 2, 2, 6, 5, images=True)
case("conv-depthwise", nn.Conv2d(5, 5, 3, padding=1, groups=5), 2, 5, 6, 7, images=True)
case("conv-depthwise-strided", nn.Conv2d(4, 8, (3, 5), stride=2, padding=(1, 2), groups=4), 2, 4, 7, 9, images=True)
case("conv-depthwise-dilated", nn.Conv2d(5, 5, 3, padding=2, dilation=2, groups=5, bias=False), 1, 5, 7, 8, images=True)
case("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), 2, 4, 9, images=True)
case("conv-transpose", nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1), 2, 3, 4, 3, images=True)
case("conv-transpose-groups", nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2, dilation=2), 1, 4, 3, 4, images=True)
case("adaptive-pool", nn.AdaptiveAvgPool2d((3, 2)), 2, 3, 7, 5, images=True)
case("adaptive-pool-even", nn.AdaptiveAvgPool2d(2), 2, 3, 4, 6, images=True)


class SelfAttention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x, need_weights=True)


class CausalAttention(nn.MultiheadAttention):
    def forward(self, x):
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1)
        return super().forward(x, x, x, need_weights=True, attn_mask=mask)


case("attention", SelfAttention(8, 2, batch_first=True), 2, 5, 8)
case("attention-causal", CausalAttention(8, 2, batch_first=True), 2, 5, 8)
# The fused paths have no second derivatives: training mode without dropout, and attention by its formula, give the same sums.
torch.backends.cuda.enable_flash_sdp(False)
torch.backends.cuda.enable_mem_efficient_sdp(False)
for label, options in (("encoder", {}), ("encoder-norm-first", {"norm_first": True, "activation": "gelu"})):
    layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **options)
    encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
    case(label, encoder, 2, 5, 8, training=True)
case("lstm", nn.LSTM(3, 4, batch_first=True), 2, 5, 3)
case("gru", nn.GRU(3, 4, batch_first=True), 2, 5, 3)


class Block(nn.Module):
    """torchvision's BasicBlock."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet18(nn.Module):
    """torchvision's resnet18, narrower."""

    def __init__(self, classes, width, small):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if small else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.small = small
        inputs = width
        for i in range(4):
            outputs = width << i
            blocks = nn.Sequential(Block(inputs, outputs, 1 if i == 0 else 2), Block(outputs, outputs, 1))
            setattr(self, f"layer{i + 1}", blocks)
            inputs = outputs
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = y if self.small else functional.max_pool2d(y, 3, 2, 1)
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(y.mean((2, 3)))


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.zeros(1, 7, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], 1) + self.positions
        return self.head(self.encoder(y)[:, 0])


case("resnet18", ResNet18(5, 2, False), 2, 3, 32, 24, images=True, gradients=False)
case("resnet18-small", ResNet18(5, 2, True), 2, 3, 12, 8, images=True, gradients=False)
case("vit", VisionTransformer(), 2, 3, 8, 12, images=True, training=True)
indices = torch.randint(0, 7, (3, 4))


class Indexed(nn.Embedding):
    def forward(self, x):
        return super().forward(x.long())


case("embedding", Indexed(7, 5), x=indices.double())

labels = torch.tensor([0, 2, 1, 4, 2, 3])
weights = torch.tensor([0.5, 1.0, 2.0, 0.25, 1.5])
logits = 2 * torch.randn(6, 5)
soft = rounded(torch.softmax(torch.randn(6, 5), 1))
store("loss-weights", weights)
loss("cross-entropy", functional.cross_entropy, logits, labels)
loss("cross-entropy-smoothed", functional.cross_entropy, logits, labels, label_smoothing=0.1)
loss("cross-entropy-weighted", functional.cross_entropy, logits, labels, weight=weights)
loss("cross-entropy-both", functional.cross_entropy, logits, labels, weight=weights, label_smoothing=0.2)
loss("cross-entropy-soft", functional.cross_entropy, logits, soft)
loss("cross-entropy-soft-weighted", functional.cross_entropy, logits, soft, weight=weights)
loss("binary", functional.binary_cross_entropy_with_logits, 3 * torch.randn(6, 5), (soft > 0.2).double())
loss("binary-weighted", functional.binary_cross_entropy_with_logits, 3 * torch.randn(6, 5), soft, pos_weight=weights)
loss("l1", functional.l1_loss, torch.randn(6, 5), rounded(torch.randn(6, 5)))
loss("huber", functional.huber_loss, 2 * torch.randn(6, 5), rounded(torch.randn(6, 5)), delta=0.7)
sparse = torch.where(soft > 0.1, soft, torch.zeros_like(soft))
loss("kl", lambda x, t: functional.kl_div(torch.log_softmax(x, 1), t, reduction="batchmean"), logits, sparse)
# Behind all others, whose random numbers stay what they were.
case("lstm-deep", nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), 2, 5, 3)
case("lstm-plain", nn.LSTM(3, 4, num_layers=2, bias=False, batch_first=True), 2, 5, 3)
case("gru-deep", nn.GRU(3, 4, num_layers=3, bidirectional=True, batch_first=True), 2, 4, 3)
case("gru-plain", nn.GRU(3, 4, bias=False, bidirectional=True, batch_first=True), 2, 5, 3)
save_file(arrays, os.path.join(HERE, "layer-values.safetensors"))
print(len(arrays), "arrays,", sum(a.nbytes for a in arrays.values()), "bytes, PyTorch", torch.__version__)
