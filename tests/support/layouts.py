#!/usr/bin/python3
"""Public data sets as their archives unpack, of a few voxels each, with known truth.

layouts.py list                   names and what each holds
layouts.py make NAME OUT          writes one into a folder
layouts.py check LORKD [NAME...]  makes each, lets `LORKD scan` read it, and compares: a line each, then the sum
layouts.py table                  the page docs/data-sets.md: how each is read
Exit code of check: 1 if one that is expected to be right is wrong. What each is expected to be stands in
layouts/truth.py; one that is better than expected is told, so that the expectation can be raised.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from layouts import (brain, dicoms, nnunet, organs, others, pictures, tables, thorax,  # noqa: F401
                         unclear, wholes)  # noqa: F401
    from layouts.truth import LAYOUTS, compare, said, untold
except ImportError as missing:
    if missing.name != "numpy":
        raise
    print(missing)
    sys.exit(77)

BETTER = {"rule": "right now, expected to need a rule", "wrong": "right now, expected to be wrong"}


def scan(lorkd, folder):
    run = subprocess.run([lorkd, "--progress", "json", "scan", str(folder)], capture_output=True, text=True,
                         timeout=300)
    answer = {}
    for line in run.stdout.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if "cases" in told:
            answer = told
    return run.returncode, answer, run.stderr.strip().splitlines()


def check(lorkd, names, words):
    lorkd = Path(lorkd).resolve()
    right = bad = silent = 0
    for name in names:
        truth = LAYOUTS[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / name
            truth.make(folder)
            code, answer, errors = scan(lorkd, folder)
        wrong = compare(truth, answer, code)
        if code not in (0, 1, 4):
            wrong.append(f"exit code {code}")
        right += not wrong
        bad += bool(wrong) and truth.expect in ("zero", "impossible")
        if not wrong:
            note = "as far as a scan tells" if untold(truth, answer) else BETTER.get(truth.expect, "")
            print(f"{name:28} right" + (f" ({note})" if note else ""), flush=True)
            continue
        # A difference that nobody is told of is the worst.
        codes = said(answer)
        quiet = code == 0 and not codes
        silent += quiet
        note = "silently; " if quiet else f"code {code}; " + ", ".join(f"{c} x{n}" for c, n in codes.items()) + "; "
        print(f"{name:28} wrong ({note}{'; '.join(wrong)}) [{truth.expect}]", flush=True)
        if words:
            failed = [{"severity": "error", "code": "", "message": e} for e in errors]
            for finding in answer.get("findings", []) + failed:
                print(f"    {finding['severity']} {finding['code']}: {finding['message'][:200]}")
    print(f"{right} of {len(names)} right, {silent} wrong without a word, {bad} worse than expected")
    return bad > 0


KINDS = {
    "zero": ("Read as they lie", "The folder is named, and images, channels, labels, patients and the set's own split "
             "are as its authors mean them."),
    "rule": ("Asked about, or by a rule", "The program says what it does not know, uses nothing of it "
             "unasked, and reads the set once a rule of the plan (or an answer in the wizard) says it."),
    "impossible": ("Not read", "The folder does not say enough, or holds a kind of task that is not offered. The "
                   "program says so."),
    "wrong": ("Read wrongly today", "Look at what was found before you train: the program takes something for "
              "what it is not, and does not know it."),
}


def table():
    """Names are those of `layouts.py list`."""
    print("""# How data sets are read

`tests/support/layouts.py` writes a small copy of each of these public data sets, with the names and folders that their
archives unpack to, and compares what the program reads with the truth. This page is what `layouts.py table` prints, and
the tests compare it. What a rule is: [layouts.md](layouts.md).
""")
    for kind, (title, meaning) in KINDS.items():
        own = [truth for truth in LAYOUTS.values() if truth.expect == kind]
        if not own:
            continue
        print(f"## {title}: {len(own)} of {len(LAYOUTS)}\n\n{meaning}\n")
        print("| data set | holds | channels | labels |\n|---|---|---|---|")
        for truth in own:
            named = isinstance(truth.labels, (list, tuple))
            labels = ", ".join(truth.labels) if named else "values without names"
            if truth.image_labels:
                labels = "; ".join(filter(None, (labels if truth.labelled != 0 else "",
                                                 "whole: " + ", ".join(truth.image_labels))))
            channels = truth.channels if isinstance(truth.channels, (list, tuple)) else [str(truth.channels or "")]
            what = "pictures" if truth.pictures else "volumes"
            print(f"| {truth.name} | {what} | {', '.join(channels)} | {labels if truth.labelled != 0 or truth.image_labels else ''} |")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    commands.add_parser("table")
    make = commands.add_parser("make")
    make.add_argument("name", choices=sorted(LAYOUTS), metavar="NAME")
    make.add_argument("out")
    judge = commands.add_parser("check")
    judge.add_argument("lorkd")
    judge.add_argument("names", nargs="*")
    judge.add_argument("--words", action="store_true", help="what the program said of those that are wrong")
    given = parser.parse_args()
    if given.command == "list":
        for truth in LAYOUTS.values():
            print(f"{truth.name:28} {truth.expect:10} {truth.images} images, {truth.patients} patients, "
                  f"labels {truth.labels}, channels {truth.channels}{', refused' if truth.refused else ''}")
    elif given.command == "table":
        table()
    elif given.command == "make":
        LAYOUTS[given.name].make(Path(given.out))
    else:
        unknown = [name for name in given.names if name not in LAYOUTS]
        if unknown:
            parser.error("no layout is called " + ", ".join(unknown))
        return check(given.lorkd, given.names or list(LAYOUTS), given.words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
