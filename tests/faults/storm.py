#!/usr/bin/python3
"""Kills lorkd at random moments of all its phases, and lets each phase be called again until it comes to its end.

At the end the project is, byte for byte, the undisturbed one, and no temporary is left. Exit code 1 if not."""
import argparse
import os
import random
import subprocess
import sys

import judge
from project import PHASES, Project, has_peer, kill


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lorkd", default="build/bin/lorkd", help="the program")
    parser.add_argument("--loopback", default="build/tests/libloopback.so", help="keeps the peer of pacs on 127.0.0.1")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--phases", default=",".join(PHASES), help="separated by commas; default: %(default)s")
    parser.add_argument("--kills", type=int, default=200, help="how many in all; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    phases = [p for p in PHASES if p in options.phases.split(",")]
    if "pacs" in phases and not has_peer(options.loopback):
        print("without pacs: the package orthanc is not installed")
        phases.remove("pacs")
    project = Project(options.lorkd, options.work, os.path.realpath(options.loopback))
    draw = random.Random(options.seed)
    kills, late, wrong = dict.fromkeys(phases, 0), 0, []
    try:
        project.make(phases)
        while sum(kills.values()) < options.kills and not wrong:
            for phase in phases:
                project.restore(phase)
                for _ in range(min(draw.randint(1, 5), options.kills - sum(kills.values()))):
                    process = project.start(phase, again=True)
                    try:
                        process.communicate(timeout=draw.uniform(0.05, 1) * project.seconds[phase])
                        late += 1
                    except subprocess.TimeoutExpired:
                        kill(process)
                        process.communicate()
                        kills[phase] += 1
                    wrong += [f"after a kill of {phase}, {line}" for line in judge.broken(project.trial)]
                code, _, err = project.run(phase, again=True)
                if code != 0:
                    wrong.append(f"{phase} ends with {code}: {err[-500:].strip()}")
                wrong += [f"{phase}: {line}" for line in judge.differences(project.trial, project.after(phase))]
                wrong += [f"{phase}: left behind: {name}" for name in judge.rests(project.trial)]
    finally:
        project.close()
    for line in wrong:
        print("WRONG", line)
    print(f"{sum(kills.values())} kills (" + ", ".join(f"{p} {n}" for p, n in kills.items())
          + f"), {late} times it had ended before: {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
