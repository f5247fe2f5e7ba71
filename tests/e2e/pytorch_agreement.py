#!/usr/bin/env python3
"""Holds the program's networks against PyTorch.

usage: pytorch_agreement.py FOLDER      (files of the test Agreement.* in tests/unit/plugin/AgreementFiles.cpp)

Each file is one mixed-task batch. Its network is built here anew from torch.nn, with the expert of task t written out
as the definition says: W0 + s * (B @ A).view(shape of W0). Compared are logits, loss, gradients, the batch norms'
statistics, and the weights after two steps of SGD with momentum and of AdamW.

float64 (the proof): everything within 1e-8 of the largest element. float32 (the fast kernels): within 1e-5, relative to
the largest element where that is above 1, or within four times what rounding alone does to PyTorch's own results: deep
batch norms over few samples and units close to their kinks make that more. The steps are taken along the program's
gradients, because AdamW turns the rounding errors of gradients that are zero (of biases in front of norms) into whole
steps. For the same reason AdamW has 1e-6 in float64.
"""
import json
import pathlib
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F

from read_expert import read_safetensors


class Convolution(nn.Module):
    """A convolution with a low-rank expert per task."""

    def __init__(self, case, dims, inputs, outputs, kernel, stride=1, bias=True, decoder=False):
        super().__init__()
        self.stride, self.padding, self.scales = stride, kernel // 2, case["scales"]
        self.call = F.conv2d if dims == 2 else F.conv3d
        self.weight = nn.Parameter(torch.empty(outputs, inputs, *[kernel] * dims))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        ranks = [r * (case["decoder_factor"] if decoder else 1) for r in case["ranks"]]
        columns = inputs * kernel ** (dims - 1)
        self.a = nn.ParameterList([nn.Parameter(torch.empty(r * kernel, columns)) for r in ranks])
        self.b = nn.ParameterList([nn.Parameter(torch.empty(outputs * kernel, r * kernel)) for r in ranks])

    def forward(self, x, slices):
        parts = []
        for task, begin, end in slices:
            own = self.weight + self.scales[task] * (self.b[task] @ self.a[task]).view(self.weight.shape)
            parts.append(self.call(x[begin:end], own, self.bias, self.stride, self.padding))
        return torch.cat(parts)


class SharedNorm(nn.BatchNorm2d):
    def forward(self, x, slices):
        return super().forward(x)


class TaskNorms(nn.ModuleList):
    def forward(self, x, slices):
        return torch.cat([self[task](x[begin:end]) for task, begin, end in slices])


def norm(case, channels):
    if not case["per_task"]:
        return SharedNorm(channels)
    return TaskNorms([nn.BatchNorm2d(channels) for _ in case["tasks"]])


class Plain(nn.Module):
    """Mixed into layers of torch.nn that know no tasks."""

    def forward(self, x, slices):
        return super().forward(x)


class PlainConv(Plain, nn.Conv2d):
    pass


class PlainReLU(Plain, nn.ReLU):
    pass


class Chain(nn.Sequential):
    def forward(self, x, slices):
        for layer in self:
            x = layer(x, slices)
        return x


class Level(nn.Module):
    def __init__(self, case, inputs, outputs, stride, decoder):
        super().__init__()
        dims = case["dims"]
        instance = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
        self.conv0 = Convolution(case, dims, inputs, outputs, 3, stride, decoder=decoder)
        self.conv1 = Convolution(case, dims, outputs, outputs, 3, decoder=decoder)
        self.norm0, self.norm1 = instance(outputs, affine=True), instance(outputs, affine=True)
        self.act = nn.LeakyReLU(0.01)

    def forward(self, x, slices):
        x = self.act(self.norm0(self.conv0(x, slices)))
        return self.act(self.norm1(self.conv1(x, slices)))


class UNet(nn.Module):
    def __init__(self, case):
        super().__init__()
        widths = case["widths"] or {"tiny": [8, 16, 32]}[case["preset"]]
        transposed = nn.ConvTranspose2d if case["dims"] == 2 else nn.ConvTranspose3d
        inputs = [case["channels"], *widths]
        self.encoder = nn.ModuleList(
            [Level(case, inputs[i], widths[i], 2 if i else 1, False) for i in range(len(widths))])
        down = list(reversed(range(len(widths) - 1)))
        self.up = nn.ModuleList([transposed(widths[i + 1], widths[i], 2, 2) for i in down])
        self.decoder = nn.ModuleList([Level(case, 2 * widths[i], widths[i], 1, True) for i in down])
        self.channels = widths[:-1]

    def forward(self, x, slices):
        skips = []
        for level in self.encoder:
            x = level(x, slices)
            skips.append(x)
        skips.pop()
        levels = []
        for up, level in zip(self.up, self.decoder):
            x = level(torch.cat([up(x), skips.pop()], 1), slices)
            levels.insert(0, x)
        return levels


def unit(case, inputs, outputs, stride):
    half = outputs // 2

    def pointwise(count):
        return [Convolution(case, 2, count, half, 1, bias=False), norm(case, half), PlainReLU()]

    def depthwise(count):
        return [PlainConv(count, count, 3, stride, 1, groups=count, bias=False), norm(case, count)]

    module = nn.Module()
    module.branch1 = Chain(*depthwise(inputs), *pointwise(inputs)) if stride == 2 else Chain()
    module.branch2 = Chain(*pointwise(inputs if stride == 2 else half), *depthwise(half), *pointwise(half))
    return module


class ShuffleNetV2(nn.Module):
    def __init__(self, case):
        super().__init__()
        widths = {"tiny": [24, 48, 96, 192, 1024], "small": [24, 116, 232, 464, 1024]}[case["preset"]]
        self.conv1 = Chain(
            Convolution(case, 2, case["channels"], widths[0], 3, 2, bias=False), norm(case, widths[0]), PlainReLU())
        for stage, repeats in enumerate([4, 8, 4]):
            units = [unit(case, widths[stage], widths[stage + 1], 2)]
            units += [unit(case, widths[stage + 1], widths[stage + 1], 1) for _ in range(repeats - 1)]
            setattr(self, f"stage{stage + 2}", nn.ModuleList(units))
        self.conv5 = Chain(
            Convolution(case, 2, widths[3], widths[4], 1, bias=False), norm(case, widths[4]), PlainReLU())
        self.channels = [widths[4]]

    def forward(self, x, slices):
        x = F.max_pool2d(self.conv1(x, slices), 3, 2, 1)
        for module in [*self.stage2, *self.stage3, *self.stage4]:
            if len(module.branch1):
                halves = [module.branch1(x, slices), module.branch2(x, slices)]
            else:
                first, second = x.chunk(2, dim=1)
                halves = [first, module.branch2(second, slices)]
            # Shuffled: channels of both halves in turn.
            x = torch.stack(halves, 2).flatten(1, 2)
        return [F.adaptive_avg_pool2d(self.conv5(x, slices), 1).flatten(1)]


class Block(nn.Module):
    def __init__(self, case, inputs, width, outputs, stride, bottleneck):
        super().__init__()
        shapes = [(inputs, width, 3, stride), (width, outputs, 3, 1)]
        if bottleneck:
            shapes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        for number, (i, o, kernel, step) in enumerate(shapes, 1):
            setattr(self, f"conv{number}", Convolution(case, 2, i, o, kernel, step, bias=False))
            setattr(self, f"bn{number}", norm(case, o))
        self.count = len(shapes)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = Chain(PlainConv(inputs, outputs, 1, stride, bias=False), norm(case, outputs))

    def forward(self, x, slices):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y, slices), slices)
            y = F.relu(y) if number < self.count else y
        return F.relu(y + (x if self.downsample is None else self.downsample(x, slices)))


class ResNet(nn.Module):
    def __init__(self, case):
        super().__init__()
        widths = case["widths"]
        repeats, bottleneck = {"18": ([2, 2, 2, 2], False), "50": ([3, 4, 6, 3], True)}[case["preset"]]
        self.conv1 = Convolution(case, 2, case["channels"], widths[0], 7, 2, bias=False)
        self.bn1 = norm(case, widths[0])
        inputs = widths[0]
        for stage, width in enumerate(widths):
            blocks = []
            for i in range(repeats[stage]):
                outputs = width * (4 if bottleneck else 1)
                blocks.append(Block(case, inputs, width, outputs, 2 if stage and i == 0 else 1, bottleneck))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.ModuleList(blocks))
        self.channels = [inputs]

    def forward(self, x, slices):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x, slices), slices)), 3, 2, 1)
        for block in [*self.layer1, *self.layer2, *self.layer3, *self.layer4]:
            x = block(x, slices)
        return [F.adaptive_avg_pool2d(x, 1).flatten(1)]


class Network(nn.Module):
    def __init__(self, case):
        super().__init__()
        kind = {"unet2d": UNet, "unet3d": UNet, "shufflenetv2": ShuffleNetV2, "resnet": ResNet}[case["network"]]
        self.backbone = kind(case)
        dense = kind is UNet

        def head(channels, classes):
            if not dense:
                return nn.Linear(channels, classes)
            return (nn.Conv2d if case["dims"] == 2 else nn.Conv3d)(channels, classes, 1)

        channels = self.backbone.channels
        self.heads = nn.ModuleDict({task: head(channels[0], classes) for task, classes in case["tasks"]})
        if case["supervised"]:
            self.supervision = nn.ModuleDict({
                task: nn.ModuleList([head(c, classes) for c in channels[1:]]) for task, classes in case["tasks"]})
        self.case = case

    def forward(self, x, slices):
        """Per slice the logits of every level, finest first."""
        levels = self.backbone(x, slices)
        result = []
        for task, begin, end in slices:
            name = self.case["tasks"][task][0]
            heads = [self.heads[name], *(self.supervision[name] if self.case["supervised"] else [])]
            result.append([head(level[begin:end]) for head, level in zip(heads, levels)])
        return result


def dice(logits, truth):
    axes = [0, *range(2, logits.dim())]
    p = logits.sigmoid()
    overlap, sizes = (p * truth).sum(axes), (p * p).sum(axes) + (truth * truth).sum(axes)
    return (1 - (2 * overlap + 1e-7) / (sizes + 1e-7)).mean()


def loss_of(case, outputs, targets):
    samples = case["slices"][-1][2]
    total = 0
    for (task, begin, end), levels in zip(case["slices"], outputs):
        truth = targets[task]
        if truth.dtype == torch.int64:
            value = F.cross_entropy(levels[0], truth)
        else:
            value, weights = 0, 0
            for number, logits in enumerate(levels):
                weight = 0.5**number
                value += weight * (dice(logits, truth) + F.binary_cross_entropy_with_logits(logits, truth))
                weights += weight
                truth = (F.max_pool2d if case["dims"] == 2 else F.max_pool3d)(truth, 2)
            value = value / weights
        total = total + value * (end - begin) / samples
    return total


class Judge:
    """Compares and keeps the largest difference of each kind."""

    def __init__(self, case):
        self.bound = 1e-8 if case["type"] == "float64" else 1e-5
        self.exact, self.worst, self.faults = case["type"] == "float64", {}, []
        self.slack = {}  # by kind: what rounding alone does

    def scale(self, wanted):
        # In float64 nothing hides behind small values.
        return max(wanted.abs().max().item(), 1e-3 if self.exact else 1.0)

    def compare(self, kind, name, found, wanted):
        found, wanted = found.detach().double(), wanted.detach().double()
        if found.shape != wanted.shape:
            self.faults.append(f"{kind} {name}: shape {tuple(found.shape)}, PyTorch has {tuple(wanted.shape)}")
            return
        difference = (found - wanted).abs().max().item() / self.scale(wanted)
        if not difference <= self.worst.get(kind, 0):
            self.worst[kind] = difference
        bound = 1e-6 if self.exact and kind == "adamw" else max(self.bound, 4 * self.slack.get("logits" if kind == "statistics" else kind, 0))
        if not difference <= bound:
            self.faults.append(f"{kind} {name}: differs by {difference:.3g}")


def rounding(case, state, image, targets, outputs, parameters, judge):
    """By how much rounding alone moves logits and gradients, at most: PyTorch's float32 ones against its own in float64,
    and those in float64 when input and weights move by a few float32 roundings. A unit close to its kink shows here."""
    truth = {task: t.double() if t.is_floating_point() else t for task, t in targets.items()}
    generator = torch.Generator().manual_seed(1)

    def moved(tensor, by):
        if not tensor.is_floating_point():
            return tensor
        noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        return tensor.double() * (1 + by * noise)

    def results(by):
        network = Network(case).double()
        network.load_state_dict({name: moved(tensor, by) for name, tensor in state.items()})
        levels = network(moved(image, by), case["slices"])
        loss_of(case, levels, truth).backward()
        return {"logits": [logits for task in levels for logits in task],
                "gradient": [p.grad for p in network.parameters()]}

    exact = results(0)
    own = {"logits": [logits for task in outputs for logits in task],
           "gradient": [parameters[name].grad for name in parameters]}
    return {kind: max((other.double() - wanted).abs().max().item() / judge.scale(wanted)
                      for values in [own] + variants for other, wanted in zip(values[kind], exact[kind]))
            for variants in [[results(2e-7) for _ in range(6)]] for kind in exact}


def check(path):
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    case = json.loads(header["__metadata__"]["case"])
    tensors = read_safetensors(path)

    def group(prefix):
        return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    network = Network(case).to(getattr(torch, case["type"]))
    network.load_state_dict(group("before."), strict=True)
    network.train()
    outputs = network(tensors["input"], case["slices"])
    targets = {int(task): truth for task, truth in group("targets.").items()}
    loss = loss_of(case, outputs, targets)
    loss.backward()
    parameters = dict(network.named_parameters())
    judge = Judge(case)
    if not judge.exact:
        judge.slack = rounding(case, group("before."), tensors["input"], targets, outputs, parameters, judge)
    for (task, _, _), levels in zip(case["slices"], outputs):
        judge.compare("logits", task, tensors[f"logits.{task}"], levels[0])
        if case["supervised"]:
            for number, logits in enumerate(levels[1:]):
                judge.compare("logits", f"{task} level {number + 1}", tensors[f"coarser.{task}.{number}"], logits)
    judge.compare("loss", "", tensors["loss"], loss)
    gradients, after = group("gradient."), group("after.")
    for name, parameter in parameters.items():
        judge.compare("gradient", name, gradients.pop(name), parameter.grad)
    for name, buffer in network.named_buffers():
        judge.compare("statistics", name, after.pop(name), buffer)
    judge.faults += [f"PyTorch has no {name}" for name in [*gradients, *after]]
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    if case["type"] == "float32":
        for name, gradient in group("gradient.").items():
            parameters[name].grad = gradient
    rate, decay = case["learning_rate"], case["weight_decay"]
    for prefix, optimiser in [
        ("sgd", torch.optim.SGD(parameters.values(), rate, momentum=case["momentum"], weight_decay=decay)),
        ("adamw", torch.optim.AdamW(parameters.values(), rate, weight_decay=decay)),
    ]:
        optimiser.step()
        optimiser.step()
        for name, wanted in parameters.items():
            judge.compare(prefix, name, tensors[f"{prefix}.{name}"], wanted)
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(before[name])
    print(f"{path.stem}: " + ", ".join(f"{kind} {worst:.1e}" for kind, worst in judge.worst.items())
          + "".join(f"; rounding alone: {kind} {worst:.1e}" for kind, worst in judge.slack.items()))
    for fault in judge.faults[:20]:
        print("  " + fault)
    return not judge.faults


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    files = sorted(pathlib.Path(arguments[0]).glob("*.safetensors"))
    if not files:
        sys.exit("no files to compare")
    return 0 if all([check(path) for path in files]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
