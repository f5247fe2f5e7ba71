"""What a layout's right reading is, and the list of all layouts."""
from dataclasses import dataclass
from typing import Callable, Optional

LAYOUTS = {}


@dataclass
class Layout:
    """`images`: volumes, or pictures of one set if `pictures`. `labelled`: how many of the volumes have labels, all
    where it says nothing. `labels`: names of all structures or classes; None where the set gives numbers alone; a
    number where it names none and any words do. `patients`: people; None where the set does not say who is who.
    `channels`: how many, or their names; None where that is open. `splits`: how many images each part has. `refused`:
    nothing here can be used, and that is to be said. `masked`: how many pictures have masks beside being examples of
    classes. `told`: findings on pictures that are right here. `image_labels`: what tables or folders say of volumes as
    a whole, each with the number of volumes; None where that is open.

    `expect` is what today's program makes of it. zero: right without any work. rule: asks, refuses or tells, and needs
    a rule or other names. impossible: of a kind that is not offered, or the folder does not say enough; refusing or
    telling is right. wrong: read wrongly without a word.
    """
    name: str
    make: Callable
    images: int = 0
    patients: Optional[int] = None
    labels: object = None
    labelled: Optional[int] = None
    channels: object = 1
    splits: Optional[dict] = None
    pictures: bool = False
    refused: bool = False
    masked: int = 0
    told: tuple = ()
    image_labels: object = None
    expect: str = "zero"


def layout(name, images=0, patients=None, **more):
    """Makes a layout of a function that writes it into a folder."""
    def keep(make):
        assert name not in LAYOUTS, name
        LAYOUTS[name] = Layout(name, make, images, patients, **more)
        return make
    return keep


def said(answer):
    """Codes of findings that are more than notes, each with its number."""
    codes = {}
    for finding in answer.get("findings", []):
        if finding["severity"] != "note":
            codes[finding["code"]] = codes.get(finding["code"], 0) + 1
    return codes


def untold(truth, answer):
    """Whether the answer does not say what must be known of a set of pictures: how many, and of how many people."""
    return truth.pictures and not truth.refused and any(
        c["labels"] and c.get("kind") != "image2d" and not {"pictures", "people"} <= c.keys()
        for c in answer.get("cases", []))


def compare(truth, answer, code):
    """What is wrong in the answer of a scan."""
    cases = answer.get("cases", [])
    with_labels = [c for c in cases if c["labels"]]
    found = {name for c in cases for name in c["labels"]}
    wrong = []

    def equal(what, is_, should):
        if is_ != should:
            wrong.append(f"{what} {is_}, not {should}")
    if truth.refused:
        if with_labels:
            wrong.append(f"read as {len(with_labels)} labelled: {', '.join(sorted(found))[:60]}")
        elif code == 0 and not said(answer):
            wrong.append("nothing is said")
        return wrong
    if truth.pictures:
        equal("pictures with masks", sum(c.get("kind") == "image2d" for c in with_labels), truth.masked)
        with_labels = [c for c in with_labels if c.get("kind") != "image2d"]
        equal("sets of pictures", len(with_labels), 1)
        missing = set(truth.labels) - found
        if missing and with_labels:
            wrong.append(f"labels without {', '.join(sorted(missing))}, but {', '.join(sorted(found))[:80]}")
        # Not every version tells how many there are.
        for field, should in (("pictures", truth.images), ("people", truth.patients)):
            told = [c[field] for c in with_labels if field in c]
            if told and should is not None:
                equal(field, sum(told), should)
        if said(answer).keys() & {"picture-missing", "label-conflict", "patient-in-splits"} - set(truth.told):
            wrong.append("findings " + ", ".join(said(answer)))
        return wrong
    equal("images", len(cases), truth.images)
    equal("labelled", len(with_labels), truth.images if truth.labelled is None else truth.labelled)
    if truth.patients is not None:
        equal("patients", len({c["patient"] for c in cases}), truth.patients)
    if truth.labels is None:
        named = sorted(name for name in found if not name.isdigit())
        if named:
            wrong.append(f"numbers called {', '.join(named)[:80]}")
    elif isinstance(truth.labels, int):
        equal("labels", len(found), truth.labels)
    else:
        should = {name.lower() for name in truth.labels}
        if {name.lower() for name in found} != should:
            wrong.append(f"labels {', '.join(sorted(found))[:80]}, not {', '.join(sorted(truth.labels))[:80]}")
    for case in cases if truth.channels is not None else []:
        names = case["channels"]
        if isinstance(truth.channels, int):
            if len(names) != truth.channels:
                equal("channels", names, truth.channels)
                break
        elif [n.lower() for n in sorted(names, key=str.lower)] != sorted(n.lower() for n in truth.channels):
            equal("channels", names, list(truth.channels))
            break
    whole = [name for case in cases for name in case.get("image_labels", [])]
    if truth.image_labels is not None:
        equal("labels of whole volumes", {name: whole.count(name) for name in set(whole)}, truth.image_labels)
    if truth.splits is not None and cases and any("split" in c for c in cases):
        parts = [c.get("split", "") for c in cases]
        equal("splits", {p: parts.count(p) for p in sorted(set(parts))}, truth.splits)
    if any(f["severity"] == "needs consent" for f in answer.get("findings", [])):
        wrong.append("asks for consent")
    return wrong
