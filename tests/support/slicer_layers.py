#!/usr/bin/python3
"""An image and a segmentation of it with overlapping segments, as 3D Slicer writes them, by numpy alone.

slicer_layers.py FOLDER AXIS   writes FOLDER/ct.nrrd and FOLDER/ct.seg.nrrd; AXIS, first or last, is that of the layers
Layers: 0 has first (value 1) and corner (value 2), 1 has second (value 1 again), which overlaps first.
Exit code 77: numpy is missing.
"""
import gzip
import sys
from pathlib import Path

try:
    import numpy as np
except ImportError as missing:
    print(missing)
    sys.exit(77)

I, J, K = 11, 9, 7  # along columns, rows, slices
SPACE = "space: left-posterior-superior\n"
AXES = "(1.2,0.35,0) (-0.21,0.72,0) (0,0,2.5)"
ORIGIN = "space origin: (-12.5,31,-77)\n"


def nrrd(path, head, voxels):
    path.write_bytes(("NRRD0004\n" + head + "encoding: gzip\n").encode() + voxels)


def main(out, axis):
    out = Path(out)
    k, j, i = np.mgrid[:K, :J, :I]
    nrrd(out / "ct.nrrd", f"type: short\ndimension: 3\n{SPACE}sizes: {I} {J} {K}\nspace directions: {AXES}\n"
         f"kinds: domain domain domain\nendian: little\n{ORIGIN}",
         b"\n" + gzip.compress((i + 20 * j + 300 * k).astype("<i2").tobytes()))
    ball = [np.hypot(np.hypot(i - c, j - 4), k - 3) < 3 for c in (4, 6)]
    layers = [ball[0].astype("u1"), ball[1].astype("u1")]
    layers[0][0, 0, :2] = 2
    stack = np.stack(layers, -1 if axis == "first" else 0)
    sizes, directions = f"{I} {J} {K}", AXES
    kinds = "domain domain domain"
    if axis == "first":
        sizes, directions, kinds = "2 " + sizes, "none " + directions, "list " + kinds
    else:
        sizes, directions, kinds = sizes + " 2", directions + " none", kinds + " list"
    segments = ""
    for n, (name, value, layer) in enumerate((("first", 1, 0), ("corner", 2, 0), ("second", 1, 1))):
        segments += (f"Segment{n}_ID:=Segment_{n + 1}\nSegment{n}_Name:={name}\nSegment{n}_LabelValue:={value}\n"
                     f"Segment{n}_Layer:={layer}\nSegment{n}_Color:=0.5 0.{n} 1\nSegment{n}_Extent:=0 10 0 8 0 6\n")
    nrrd(out / "ct.seg.nrrd", f"type: unsigned char\ndimension: 4\n{SPACE}sizes: {sizes}\n"
         f"space directions: {directions}\nkinds: {kinds}\n{ORIGIN}",
         (segments + "Segmentation_MasterRepresentation:=Binary labelmap\n\n").encode() + gzip.compress(stack.tobytes()))


main(*sys.argv[1:])
