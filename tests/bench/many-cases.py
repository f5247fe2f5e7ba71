#!/usr/bin/python3
"""Index and audit of many cases: by default 2,000 with 117 structures each, a file a structure or a label map a case.

Images are tiny, and masks are hard links, so that what is measured is what the program does about each file and case.
Prints seconds and the largest resident memory of a first scan, of a scan again, and of an audit by headers of a plan,
which divides the cases; times per case show what grows faster than the cases (--cases 500 beside 2000).
Exit code 1 where one takes more than --limit GiB."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

import numpy

from volumes import nifti


def make(folder, cases, structures, maps):
    """Each case an image of its own; structure c is voxel c of every case."""
    rng = numpy.random.default_rng(1)
    shape, spacing = (8, 8, 8), (1.5, 1.5, 1.5)
    masks = os.path.join(folder, "masks")
    os.makedirs(masks)
    for c in range(structures):
        voxels = numpy.zeros(shape, "u1")
        voxels.flat[c * 4] = 1
        nifti(os.path.join(masks, f"{c}.nii.gz"), voxels, spacing, 2)
    labels = numpy.zeros(shape, "u1")
    labels.flat[numpy.arange(structures) * 4] = numpy.arange(structures) + 1
    nifti(os.path.join(masks, "all.nii.gz"), labels, spacing, 2)
    for n in range(cases):
        case = os.path.join(folder, "data", f"s{n:04}")
        os.makedirs(case)
        image = rng.integers(-1000, 1000, shape, "<i2")
        nifti(os.path.join(case, "ct.nii.gz"), image, spacing, 4)
        if maps:
            os.link(os.path.join(masks, "all.nii.gz"), os.path.join(case, "ct_seg.nii.gz"))
            continue
        os.makedirs(os.path.join(case, "segmentations"))
        for c in range(structures):
            os.link(os.path.join(masks, f"{c}.nii.gz"), os.path.join(case, "segmentations", f"structure_{c}.nii.gz"))


def measure(command):
    """Seconds and the peak of resident memory in GiB."""
    begun = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return time.time() - begun, usage.ru_maxrss / 2**20, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--structures", type=int, default=117)
    parser.add_argument("--maps", action="store_true", help="a label map a case instead of a file a structure")
    parser.add_argument("--limit", type=float, default=2.0, help="GiB; default: %(default)s")
    options = parser.parse_args()
    work, lorkd = os.path.realpath(options.work), os.path.realpath(options.lorkd)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    make(work, options.cases, options.structures, options.maps)
    data, index, plan = (os.path.join(work, name) for name in ("data", "index.sqlite", "plan.json"))
    label = (lambda c: str(c + 1)) if options.maps else (lambda c: f"structure_{c}")
    classes = {f"class {c}": {"labels": [label(c)]} for c in range(options.structures)}
    with open(plan, "w") as file:
        json.dump({"name": "many", "data": {"sources": {"data": {"path": data}}},
                   "tasks": {"all": {"rank": 1, "classes": classes}}}, file)
    scan = [lorkd, "scan", data, "--index", index]
    worst = 0
    for name, command in (("scan", scan), ("scan again", scan),
                          ("audit, headers", [lorkd, "audit", plan, "--index", index, "--headers"])):
        seconds, memory, code = measure(command)
        each = seconds / options.cases * 1e3
        print(f"{name:15} {seconds:7.1f} s {each:7.2f} ms a case {memory:6.2f} GiB  (exit {code})", flush=True)
        worst = max(worst, memory)
    print(f"index {os.path.getsize(index) / 2**20:.0f} MiB")
    sys.exit(1 if worst > options.limit else 0)


if __name__ == "__main__":
    main()
