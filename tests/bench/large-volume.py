#!/usr/bin/python3
"""Memory of a large volume: 512x512x600 voxels with 30 classes at a working spacing of 3 mm, and the smallest network.

Prints the largest resident memory and the seconds of training (one step, with its preparing), evaluate and predict.
Exit code 1 where one of them takes more than --limit."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

import numpy

CLASSES = 30


def nifti(path, voxels, spacing, kind):
    """An uncompressed NIfTI-1 of (z, y, x) voxels."""
    header = bytearray(352)
    header[0:4] = numpy.int32(348).tobytes()
    header[40:56] = numpy.array([3, *voxels.shape[::-1], 1, 1, 1, 1], "<i2").tobytes()
    header[70:74] = numpy.array([kind, voxels.dtype.itemsize * 8], "<i2").tobytes()
    header[76:108] = numpy.array([1, *spacing, 0, 0, 0, 0], "<f4").tobytes()
    header[108:116] = numpy.array([352, 1], "<f4").tobytes()
    header[123] = 2  # mm
    header[254:256] = numpy.int16(1).tobytes()  # sform
    rows = [[-spacing[0], 0, 0, 0], [0, -spacing[1], 0, 0], [0, 0, spacing[2], 0]]
    header[280:328] = numpy.array(rows, "<f4").tobytes()
    header[344:348] = b"n+1\0"
    with open(path, "wb") as file:
        file.write(header)
        voxels.tofile(file)


def make(folder, side, slices):
    """A block of 30 boxes of different HU, one class each."""
    labels = numpy.zeros((slices, side, side), "u1")
    step, across = slices // 6, side // 7
    for c in range(CLASSES):
        z, y = step * (c // 5) + step // 8, across * (c % 5 + 1)
        labels[z:z + step * 3 // 4, y:y + across * 3 // 4, side // 4:side * 3 // 4] = c + 1
    image = numpy.full(labels.shape, -1000, "<i2")
    image[labels > 0] = 0
    image += labels * numpy.int16(8)
    os.makedirs(folder)
    spacing = (0.75, 0.75, 0.8)
    nifti(os.path.join(folder, "ct.nii"), image, spacing, 4)
    nifti(os.path.join(folder, "ct_seg.nii"), labels, spacing, 2)


def measure(command):
    """Seconds and the peak of resident memory in GiB."""
    begun = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"FAILED: {' '.join(command)}")
    return time.time() - begun, usage.ru_maxrss / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--work", required=True, help="scratch folder; takes about 1 GiB")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--limit", type=float, default=4.0, help="GiB; default: %(default)s")
    options = parser.parse_args()
    work = os.path.realpath(options.work)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    make(os.path.join(work, "data"), options.side, options.slices)
    plan = {
        "name": "large", "data": {"sources": {"ct": {"path": os.path.join(work, "data")}}, "spacing": [3, 3, 3],
                                  "patch": [32, 32, 32], "normalisation": "window",
                                  "split": {"validation": 0.1, "test": 0.3, "slab": "superior"}},
        "tasks": {"boxes": {"rank": 1, "classes": {f"box {c}": {"labels": [str(c)]} for c in range(1, CLASSES + 1)}}},
        "backbone": {"name": "unet3d", "widths": [2, 2]}, "teacher": {"source": "none"}, "losses": {"transfer": 0},
        "training": {"steps": 1, "batch": 1}, "evaluation": {"overlap": 0}}
    with open(os.path.join(work, "plan.json"), "w") as file:
        json.dump(plan, file)
    run = os.path.join(work, "runs", "r")
    lorkd = os.path.realpath(options.lorkd)
    worst = 0
    for name, words in (("train", ["train", os.path.join(work, "plan.json"), "--out", run]), ("evaluate", ["evaluate", run]),
                        ("predict", ["predict", run])):
        seconds, memory = measure([lorkd, *words])
        print(f"{name:9} {memory:5.2f} GiB {seconds:6.1f} s", flush=True)
        worst = max(worst, memory)
    sys.exit(1 if worst > options.limit else 0)


if __name__ == "__main__":
    main()
