#!/usr/bin/python3
"""Walks through the calls of the file system that lorkd makes and lets each fail, fall short or kill, one a trial.

Each trial starts from the same small project and runs one phase with one fault (see faults.c). Then:
  - the exit code is not 0, with an error said, or the result is that of the undisturbed phase;
  - nothing is half-written under a final name;
  - the same command again (resume for train) gives the bytes of the undisturbed phase and leaves no temporaries.
The last lines are a table of what was tried. Exit code 1 where anything was wrong, 77 where it cannot be tried here."""
import argparse
import os
import random
import sys
import time

import judge
from project import PHASES, Project, has_peer

# What is tried on each kind of call; "+": it stays so.
HOWS = {"write": ["ENOSPC", "ENOSPC+", "EIO", "full", "short", "torn", "kill"], "sync": ["EIO", "EIO+", "kill"],
        "rename": ["EIO", "EACCES+", "kill"], "create": ["EACCES", "ENOSPC+", "EMFILE", "kill"],
        "mkdir": ["ENOSPC", "EACCES+", "kill"], "unlink": ["EACCES", "EIO+", "kill"], "truncate": ["EIO", "kill"],
        "open": ["EACCES", "EMFILE", "EIO+"], "read": ["EIO", "EIO+", "short"], "list": ["EIO", "EIO+"], "map": ["ENOMEM"]}


class Walk:
    def __init__(self, project, preload, found=None):
        self.project, self.preload = project, preload
        self.log = os.path.join(project.work, "calls.log")
        self.counter = os.path.join(project.work, "counter")
        self.found = found

    def settings(self, kind, at=0, how="EIO"):
        for file, content in ((self.log, b""), (self.counter, bytes(8))):
            with open(file, "wb") as out:
                out.write(content)
        return {"LD_PRELOAD": self.preload, "LORKD_FAULT_BELOW": self.project.trial, "LORKD_FAULT_KIND": kind,
                "LORKD_FAULT_AT": str(at), "LORKD_FAULT_HOW": how.rstrip("+"), "LORKD_FAULT_STAYS": str(int(how[-1] == "+")),
                "LORKD_FAULT_LOG": self.log, "LORKD_FAULT_COUNTER": self.counter}

    def calls(self):
        """What was counted: [struck, kind, path]."""
        with open(self.log, errors="replace") as file:
            lines = [line.rstrip("\n").split(" ", 2) for line in file]
        return [[n.startswith("!"), kind, os.path.relpath(path, self.project.trial)] for n, kind, path in lines]

    def points(self, phase):
        """How many calls of each kind an undisturbed phase makes."""
        self.project.restore(phase)
        code, _, err = self.project.run(phase, extra=self.settings("any"))
        if code == 125:
            print("SKIPPED:", err.strip())
            sys.exit(77)
        if code != 0 or judge.differences(self.project.trial, self.project.after(phase)):
            sys.exit(f"FAILED: {phase} differs when it is only counted, or ends with {code}: {err[-500:]} "
                     + "; ".join(judge.differences(self.project.trial, self.project.after(phase))))
        kinds = [kind for _, kind, _ in self.calls()]
        return {kind: kinds.count(kind) for kind in HOWS}

    def trial(self, phase, kind, n, how):
        """What became of it ("equal", "refused", "killed", "not reached") and what was wrong."""
        project = self.project
        project.restore(phase)
        code, out, err = project.run(phase, extra=self.settings(kind, n, how))
        struck = [path for hit, _, path in self.calls() if hit]
        if not struck:
            return "not reached", []
        dies = how in ("kill", "torn")
        wrong = judge.broken(project.trial)
        if code is None:
            wrong.append("it hangs")
        elif (code < 0 or code > 3) and not (dies and code == -9) and not (phase == "scan" and code == 4):
            wrong.append(f"it ends by {'signal' if code < 0 else 'exit code'} {abs(code)}: {err[-160:].strip()!r}")
        elif code > 0 and not err.strip():
            wrong.append(f"exit code {code} without a word")
        # A scan goes on, names what it cannot read, and ends with 4.
        if code == 4 and "[unreadable" not in out:
            wrong.append("exit code 4, yet nothing is named")
        if code == 0:
            wrong += ["exit code 0, yet " + line for line in judge.differences(project.trial, project.after(phase))]
        if code != 0 or wrong:
            again, _, words = project.run(phase, again=True)
            if again != 0:
                wrong.append(f"again, it ends with {again}: {words[-300:].strip()!r}")
            else:
                wrong += ["again, " + line for line in judge.differences(project.trial, project.after(phase))]
        if kind != "unlink" or code != 0:  # a file that could not be removed is there
            wrong += ["left behind: " + name for name in judge.rests(project.trial)]
        if wrong and self.found:
            with open(self.found, "a") as out:
                for line in wrong:
                    out.write(f"{phase} {kind} {n} {how} at {struck[0]} (exit {code}): {line}\n")
        return "killed" if dies else "refused" if code else "equal", wrong


def chosen(points, wanted, sample, seed):
    """(kind, n, how), all or a sample in which each way comes as often as any other."""
    ways = [[(kind, n, how) for n in range(1, count + 1)] for kind, count in points.items() for how in HOWS[kind]
            if not wanted or how in wanted]
    draw = random.Random(seed)
    for way in ways:
        draw.shuffle(way)
    draw.shuffle(ways)
    turns = [way[i] for i in range(max(map(len, ways), default=0)) for way in ways if i < len(way)]
    return turns[:sample] if sample else turns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--preload", default="build/tests/libfaults.so", help="what faults.c was built to")
    parser.add_argument("--loopback", default="build/tests/libloopback.so", help="keeps the peer of pacs on 127.0.0.1")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--phases", default=",".join(PHASES), help="separated by commas; default: %(default)s")
    parser.add_argument("--kinds", default=",".join(HOWS), help="kinds of calls; default: all")
    parser.add_argument("--ways", default="", help="ways of failing, for example EIO+; default: all")
    parser.add_argument("--sample", type=int, default=0, help="so many faults a phase, drawn by the seed; default: every one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", help="a file to which each thing wrong is added")
    options = parser.parse_args()
    phases = [p for p in PHASES if p in options.phases.split(",")]
    if "pacs" in phases and not has_peer(options.loopback):
        print("without pacs: the package orthanc is not installed")
        phases.remove("pacs")
    project = Project(options.lorkd, options.work, os.path.realpath(options.loopback))
    walk = Walk(project, os.path.realpath(options.preload), options.found)
    table, bad = [], 0
    try:
        project.make(phases)
        for phase in phases:
            begun, counts = time.time(), dict.fromkeys(("equal", "refused", "killed", "not reached", "wrong"), 0)
            points = {k: n for k, n in walk.points(phase).items() if k in options.kinds.split(",")}
            ways = options.ways.split(",") if options.ways else []
            for done, (kind, n, how) in enumerate(chosen(points, ways, options.sample, options.seed)):
                if done % 100 == 99:
                    print(f"{phase}: {done + 1} faults, {counts}", flush=True)
                became, wrong = walk.trial(phase, kind, n, how)
                counts[became] += 1
                counts["wrong"] += bool(wrong)
                for line in wrong:
                    print(f"WRONG {phase} {kind} {n} {how}: {line}", flush=True)
            bad += counts["wrong"]
            table.append([phase, sum(points.values()), sum(counts.values()) - counts["wrong"] - counts["not reached"],
                          *counts.values(), round(time.time() - begun)])
            print(*table[-1], flush=True)
    finally:
        project.close()
    print("\n| phase | calls | faults | result equal | refused | killed | not reached | wrong | seconds |\n|" + "---|" * 9)
    for row in table + [["all", *map(sum, zip(*(row[1:] for row in table)))]]:
        print("| " + " | ".join(map(str, row)) + " |")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
