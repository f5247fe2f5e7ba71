#!/usr/bin/python3
"""Memory of a large volume: 512x512x600 voxels with 117 classes at a working spacing of 1.5 mm, a very small network.

Prints the largest resident memory and the seconds of training (one step, with its preparing), evaluate and predict, and
what the prepared labels take beside their images. Exit code 1 where a step takes more than --limit, or labels more than
three tenths of the images."""
import argparse
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import time

import numpy

from volumes import nifti


def make(folder, side, slices, classes):
    """A block of boxes of different HU, one class each."""
    labels = numpy.zeros((slices, side, side), "u1")
    many = next(n for n in range(1, 7) if n ** 3 >= classes)  # boxes along each axis
    steps = [size // many for size in labels.shape]
    for c in range(classes):
        places = (c // many ** 2, c // many % many, c % many)
        labels[tuple(slice(n * step + step // 8, (n + 1) * step - step // 8) for n, step in zip(places, steps))] = c + 1
    image = numpy.full(labels.shape, -1000, "<i2")
    image[labels > 0] = 0
    image += labels * numpy.int16(2)
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


def sizes(cache):
    """Bytes of images and of labels in prepared files."""
    images = labels = 0
    for path in glob.glob(os.path.join(cache, "**", "*.safetensors"), recursive=True):
        with open(path, "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        for name, entry in header.items():
            if name != "__metadata__":
                size = entry["data_offsets"][1] - entry["data_offsets"][0]
                images, labels = (images + size, labels) if name == "image" else (images, labels + size)
    return images, labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--work", required=True, help="scratch folder; takes about 2 GiB")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--classes", type=int, default=117)
    parser.add_argument("--spacing", type=float, default=1.5, help="mm of the working grid; default: %(default)s")
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--outputs", choices=("exclusive", "overlapping"), default="exclusive")
    parser.add_argument("--skip-evaluate", action="store_true")
    parser.add_argument("--limit", type=float, default=8.0, help="GiB; default: %(default)s")
    options = parser.parse_args()
    work = os.path.realpath(options.work)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    make(os.path.join(work, "data"), options.side, options.slices, options.classes)
    classes = {f"box {c}": {"labels": [str(c)]} for c in range(1, options.classes + 1)}
    plan = {
        "name": "large", "data": {"sources": {"ct": {"path": os.path.join(work, "data")}},
                                  "spacing": [options.spacing] * 3, "patch": [options.patch] * 3,
                                  "normalisation": "window",
                                  "split": {"validation": 0.1, "test": 0.3, "slab": "superior"}},
        "tasks": {"boxes": {"rank": 1, "outputs": options.outputs, "classes": classes}},
        "backbone": {"name": "unet3d", "widths": [2, 2]}, "teacher": {"source": "none"}, "losses": {"transfer": 0},
        "training": {"steps": 1, "batch": 1, "loader_threads": 0}, "evaluation": {"overlap": options.overlap}}
    with open(os.path.join(work, "plan.json"), "w") as file:
        json.dump(plan, file)
    run = os.path.join(work, "runs", "r")
    lorkd = os.path.realpath(options.lorkd)
    worst = 0
    for name, words in (("train", ["train", os.path.join(work, "plan.json"), "--out", run]),
                        ("evaluate", ["evaluate", run]), ("predict", ["predict", run])):
        if name == "evaluate" and options.skip_evaluate:
            continue
        seconds, memory = measure([lorkd, *words])
        print(f"{name:9} {memory:5.2f} GiB {seconds:6.1f} s", flush=True)
        worst = max(worst, memory)
    images, labels = sizes(os.path.join(work, "cache"))
    print(f"prepared  images {images / 2**20:.1f} MiB, labels {labels / 2**20:.1f} MiB: "
          f"{1 + labels / images:.3f} of the images")
    sys.exit(1 if worst > options.limit or labels > 0.3 * images else 0)


if __name__ == "__main__":
    main()
