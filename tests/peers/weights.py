#!/usr/bin/env python3
"""Files of torch.save() for tests/unit/models, and what is in them: weights.py FOLDER [NAME...].

FOLDER gets, beside the files, truth.safetensors: the tensors of types*.pth, contiguous, written without torch. Files
whose name ends in -today need a PyTorch of 2.5 or later with numpy 2, the others any; tests/data/weights was made by
PyTorch 1.13.0 and numpy 1.24, those of today by PyTorch 2.15.0 and numpy 2.4.6.
"""
import argparse
import collections
import json
import pathlib
import struct
import sys

import numpy
import torch


def ramp(count, dtype):
    """Values that every type holds exactly."""
    numbers = (torch.arange(count) * 7 + 3) % 61 - 20
    return (numbers > 0) if dtype == torch.bool else numbers.abs().to(dtype) if dtype == torch.uint8 else numbers.to(dtype)


TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
         "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}


def weights():
    out = collections.OrderedDict()
    for name, dtype in TYPES.items():
        out["of." + name] = ramp(6, dtype).reshape(2, 3)
    block = ramp(24, torch.float32)
    out["shared.whole"] = block
    out["shared.part"] = block[8:20].reshape(3, 4)
    out["shared.transposed"] = block[:12].reshape(3, 4).t()
    out["shared.columns"] = block.reshape(4, 6)[:, 1::2]
    out["parameter"] = torch.nn.Parameter(ramp(5, torch.float32))
    out["scalar"] = torch.tensor(17, dtype=torch.int64)
    out["empty"] = torch.zeros(0, 3)
    out._metadata = collections.OrderedDict({"": {"version": 1}})
    return out


def write_truth(path, tensors):
    header, data = {}, b""
    names = {dtype: name for name, dtype in TYPES.items()}
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.int16).numpy().tobytes() if tensor.dtype == torch.bfloat16 else tensor.numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def network():
    torch.manual_seed(5)
    return torch.nn.Sequential(collections.OrderedDict(
        conv=torch.nn.Conv2d(1, 2, 3), norm=torch.nn.BatchNorm2d(2), act=torch.nn.ReLU()))


def nnunet():
    """A checkpoint as nnU-Net v2 writes it, the encoder of one stage alone."""
    conv, norm = torch.nn.Conv3d(1, 4, 3), torch.nn.InstanceNorm3d(4, affine=True)
    state = collections.OrderedDict()
    for outer in ("encoder.", "decoder.encoder."):
        for name, index, layer in (("conv", 0, conv), ("norm", 1, norm)):
            for kind in ("weight", "bias"):
                for alias in (name, f"all_modules.{index}"):
                    state[f"{outer}stages.0.0.convs.0.{alias}.{kind}"] = getattr(layer, kind).data
    optimiser = torch.optim.SGD(list(conv.parameters()), 0.01, momentum=0.99)
    conv(torch.zeros(1, 1, 3, 3, 3)).sum().backward()
    optimiser.step()
    plans = {"dataset_name": "Dataset901_Test", "plans_name": "nnUNetPlans", "configurations": {"3d_fullres": {
        "patch_size": [32, 32, 32], "spacing": [2.0, 1.0, 1.0]}}}
    return {"network_weights": state, "optimizer_state": optimiser.state_dict(), "grad_scaler_state": None,
            "logging": {"mean_fg_dice": [numpy.float64(0.5), numpy.float32(0.25)], "lrs": [0.01], "counts": [numpy.int64(3)],
                        "dice_per_class_or_region": [numpy.array([0.5, 0.75])]},
            "_best_ema": numpy.float64(0.625), "current_epoch": 2, "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": (0, 1, 2),
            "init_args": {"plans": plans, "configuration": "3d_fullres", "fold": 0, "unpack_dataset": True,
                          "dataset_json": {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1}},
                          "device": torch.device("cuda", 0)}}


def lightning():
    state = collections.OrderedDict(("model." + name, value) for name, value in network().state_dict().items())
    counts = collections.defaultdict(int)
    counts["a"] = 1
    return {"epoch": 4, "global_step": 2 ** 40, "pytorch-lightning_version": "1.9.0", "state_dict": state,
            "hyper_parameters": {"arguments": argparse.Namespace(rate=0.1, name="tiny", path=pathlib.PurePosixPath("/tmp/x")),
                                 "size": torch.Size([1, 2]), "dtype": torch.float16, "counts": counts, "set": {1, 2},
                                 "seed": 2 ** 70, "complex": 1 + 2j},
            "callbacks": {"best": {"best_model_score": torch.tensor(0.5), "path": "x", "monitor": "dice"}},
            "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2, 3), "exp_avg_sq": torch.zeros(2, 3)}}}]}


def subclass():
    from monai.data import MetaTensor
    return {"state_dict": {"conv.weight": MetaTensor(torch.ones(2, 2)), "conv.bias": torch.ones(2)}}


def quantised():
    return {"state_dict": {"conv.weight": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8),
                           "conv.bias": torch.ones(2)}}


def script(path):
    torch.jit.script(network().eval()).save(str(path))


def today():
    """What older ones do not write: types of version 2.3, parameters with attributes, numpy 2."""
    parameter = torch.nn.Parameter(ramp(4, torch.float32))
    parameter.note = "kept"
    out = collections.OrderedDict(plain=ramp(6, torch.float32).reshape(2, 3), noted=parameter,
                                  buffer=torch.nn.Buffer(ramp(3, torch.float32)))
    return {"state_dict": out, "best": numpy.float64(0.625), "random": numpy.random.default_rng(1)}


def main(folder, wanted):
    folder = pathlib.Path(folder)
    makers = {
        "types.pth": lambda path: torch.save({"state_dict": weights(), "epoch": 7}, path),
        "types-legacy.pth": lambda path: torch.save({"state_dict": weights(), "epoch": 7}, path,
                                                    _use_new_zipfile_serialization=False),
        "types-today.pth": lambda path: torch.save({"state_dict": weights(), "epoch": 7}, path),
        "truth.safetensors": lambda path: write_truth(path, weights()),
        "nnunet.pth": lambda path: torch.save(nnunet(), path),
        "nnunet-today.pth": lambda path: torch.save(nnunet(), path),
        "lightning.ckpt": lambda path: torch.save(lightning(), path),
        "wrapped.pth": lambda path: torch.save({"module.a": torch.ones(2), "module.b.c": torch.ones(3)}, path),
        "several.pth": lambda path: torch.save({"student": {"a": torch.ones(2)}, "teacher": {"a": torch.zeros(2)}}, path),
        "module.pt": lambda path: torch.save(network(), path),
        "subclass.pth": lambda path: torch.save(subclass(), path),
        "quantised.pth": lambda path: torch.save(quantised(), path),
        "repeated.pth": lambda path: torch.save({"a": torch.ones(1).expand(1000, 1000)}, path),
        "script.ts": script,
        "new-today.pth": lambda path: torch.save(today(), path),
        "float8-today.pth": lambda path: torch.save({"a": torch.ones(2).to(torch.float8_e4m3fn)}, path),
    }
    for name in wanted or makers:
        makers[name](folder / name)
    print("PyTorch", torch.__version__, "numpy", numpy.__version__)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
