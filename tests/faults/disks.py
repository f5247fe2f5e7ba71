#!/usr/bin/python3
"""Runs the phases on disks (tmpfs) that are too small, from full at the start to large enough.

Judged as in walk.py: an exit code other than 0 or the undisturbed result, nothing half-written under a final name, and on
a larger disk the same command comes to the undisturbed result. Exit code 1 where anything was wrong, 77 where nothing can
be mounted here (needs root, or a kernel that lets users mount in a namespace of their own)."""
import argparse
import os
import subprocess
import sys

import judge
from project import PHASES, Project

INSIDE = "LORKD_DISKS_INSIDE"


def enter():
    """Once more in a mount namespace, which takes its mounts with it when it ends."""
    if INSIDE in os.environ:
        return
    space = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*space, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode != 0:
        print("SKIPPED: nothing can be mounted here")
        sys.exit(77)
    os.execvpe("unshare", [*space, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


class Disk:
    def __init__(self, place, content):
        self.place = place
        os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "none", place], check=True)
        subprocess.run(["cp", "-a", content + "/.", place], check=True)

    def used(self):
        about = os.statvfs(self.place)
        return (about.f_blocks - about.f_bfree) * about.f_bsize // 1024

    def resize(self, kilobytes):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", self.place], check=True)

    def close(self):
        subprocess.run(["umount", self.place], check=True)


def trial(project, phase, size):
    """What became of it and what was wrong."""
    disk = Disk(project.trial, project.before(phase))
    try:
        disk.resize(size)
        code, _, err = project.run(phase)
        wrong = judge.broken(project.trial)
        if code is None or code < 0 or code > 3:
            wrong.append(f"it ends with {code}: {err[-160:].strip()!r}")
        if code == 0:
            wrong += ["exit code 0, yet " + line for line in judge.differences(project.trial, project.after(phase))]
        disk.resize(256 * 1024)
        again, _, words = project.run(phase, again=True)
        if again != 0:
            wrong.append(f"again, it ends with {again}: {words[-300:].strip()!r}")
        wrong += ["again, " + line for line in judge.differences(project.trial, project.after(phase))]
        wrong += ["left behind: " + name for name in judge.rests(project.trial)]
        return code, wrong
    finally:
        disk.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--phases", default="train,predict,export", help="separated by commas; default: %(default)s")
    parser.add_argument("--sizes", type=int, default=12, help="disks a phase; default: %(default)s")
    parser.add_argument("--found", help="a file to which each thing wrong is added")
    options = parser.parse_args()
    enter()
    phases = [p for p in PHASES if p in options.phases.split(",") and p != "pacs"]
    project = Project(options.lorkd, options.work)
    project.make(phases)
    subprocess.run(["rm", "-rf", project.trial], check=True)
    bad = 0
    print("| phase | disks | refused | result equal | wrong |\n|---|---|---|---|---|")
    for phase in phases:
        disk = Disk(project.trial, project.before(phase))
        first = disk.used()
        project.run(phase)
        last = disk.used() + (disk.used() - first) // 3 + 64  # temporaries beside what they replace
        disk.close()
        refused = equal = wrongs = 0
        for i in range(options.sizes):
            size = first + (last - first) * i // max(1, options.sizes - 1)
            code, wrong = trial(project, phase, size)
            refused, equal, wrongs = refused + (code != 0), equal + (code == 0), wrongs + bool(wrong)
            for line in wrong:
                print(f"WRONG {phase} on {size - first} KiB (exit {code}): {line}", flush=True)
                if options.found:
                    with open(options.found, "a") as out:
                        out.write(f"{phase} on a disk with {size - first} KiB left (exit {code}): {line}\n")
        print(f"| {phase} | {options.sizes} | {refused} | {equal} | {wrongs} |", flush=True)
        bad += wrongs
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
