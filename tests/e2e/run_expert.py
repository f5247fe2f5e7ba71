"""Loads an exported expert with PyTorch, compares TorchScript and safetensors weights, and runs it on noise."""
import json
import struct
import sys
from pathlib import Path

import torch

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
expert = torch.jit.load(str(folder / "expert.ts")).eval()
size = manifest["patch"][::-1]
dense = size if manifest["kind"] == "segmentation" else []
with torch.no_grad():
    for count in (1, 3):
        logits = expert(torch.randn([count, manifest["channels"], *size]))
        assert list(logits.shape) == [count, len(manifest["classes"]), *dense], logits.shape
        assert torch.isfinite(logits).all()

raw = (folder / "expert.safetensors").read_bytes()
length = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8 : 8 + length])
header.pop("__metadata__", None)
running = ("running_mean", "running_var")  # statistics of batch norms are no parameters
count = 0
for name, entry in header.items():
    n = 1
    for s in entry["shape"]:
        n *= s
    if entry["dtype"] == "F32" and not name.endswith(running):
        count += n
assert count == manifest["parameters"], (count, manifest["parameters"])
script = sum(
    p.numel() for n, p in expert.state_dict().items() if p.dtype == torch.float32 and not n.endswith(running)
)
assert script == manifest["parameters"], (script, manifest["parameters"])
print("expert runs in PyTorch", torch.__version__)
