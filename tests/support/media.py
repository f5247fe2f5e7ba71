#!/usr/bin/python3
"""Media with a DICOMDIR, copied from the test files of pydicom, which reads the directories as well.

media.py FOLDER   makes FOLDER/<name>/ for each directory and way to copy it, and FOLDER/expected.json: by name, the
directory's file, how many files it lists, those that were left away, and the SOP instance UIDs of those that were not
Ways: plain; lower, with names in small letters; versions, with the ";1" of ISO 9660; missing, with three files left
away; below, with the directory in a folder of its own below the medium's root.
Exit code 77: pydicom or its test files are missing.
"""
import json
import shutil
import sys
import warnings
from pathlib import Path

try:
    import pydicom
except ImportError as missing:
    print(missing)
    sys.exit(77)

warnings.simplefilter("ignore")
SOURCE = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"


def main(out):
    out, expected = Path(out), {}
    directories = sorted(SOURCE.glob("DICOMDIR*")) + sorted(SOURCE.glob("*/DICOMDIR"))
    if len(directories) < 7:
        print("pydicom's test files are not installed")
        sys.exit(77)
    for number, directory in enumerate(directories):
        records = pydicom.dcmread(directory).DirectoryRecordSequence
        listed = [[*r.ReferencedFileID] for r in records if "ReferencedFileID" in r]
        for way in ("plain", "lower", "versions", "missing", "below") if listed else ("plain",):
            name = f"{number}-{way}"
            left = listed[2:5] if way == "missing" else []
            uids = []
            (out / name).mkdir(parents=True)
            for parts in listed:
                if parts in left:
                    continue
                there = directory.parent.joinpath(*parts)
                uids.append(str(pydicom.dcmread(there).SOPInstanceUID))
                if way == "lower":
                    parts = [p.lower() for p in parts]
                if way == "versions":
                    parts = [*parts[:-1], parts[-1] + ".;1"]
                to = (out / name).joinpath(*parts)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(there, to)
            file = "ABOUT/" * (way == "below") + directory.name
            (out / name / file).parent.mkdir(exist_ok=True)
            shutil.copy(directory, out / name / file)
            expected[name] = {"file": file, "listed": len(listed), "missing": ["/".join(p) for p in left],
                              "uids": uids}
    (out / "expected.json").write_text(json.dumps(expected))


main(*sys.argv[1:])
