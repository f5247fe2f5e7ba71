#!/usr/bin/env python3
"""Runs an exported expert in Python and compares it with logits computed by the program.

usage: read_expert.py EXPERT_FOLDER PAIR.safetensors      (tensors "input" and "logits")
       read_expert.py EXPERT_FOLDER INPUT.npy LOGITS.npy

Checks the files against the manifest's digests, prints the largest absolute difference and exits with 1 when it is
above 1e-5. Needs torch; NumPy for .npy files.
"""
import hashlib
import json
import pathlib
import struct
import sys

import torch

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "I64": torch.int64}


def read_safetensors(path):
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin : 8 + length + end]
        tensors[name] = torch.frombuffer(raw, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def read_npy(path):
    import numpy

    return torch.from_numpy(numpy.load(path, allow_pickle=False))


def main(arguments):
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            sys.exit(f"{name} is not the file that the manifest describes")
    if len(arguments) == 2:
        pair = read_safetensors(pathlib.Path(arguments[1]))
        image, expected = pair["input"], pair["logits"]
    else:
        image, expected = (read_npy(pathlib.Path(a)) for a in arguments[1:])

    expert = torch.jit.load(str(folder / "expert.ts"), map_location="cpu")
    expert.eval()
    with torch.no_grad():
        logits = expert(image)
    if logits.shape != expected.shape or logits.shape[1] != len(manifest["classes"]):
        sys.exit(f"logits of shape {tuple(logits.shape)}, expected {tuple(expected.shape)}")
    difference = (logits - expected).abs().max().item()
    print(f"{manifest['task']}: {', '.join(manifest['classes'])}; largest difference {difference:.3g}")
    return 0 if difference <= 1e-5 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
