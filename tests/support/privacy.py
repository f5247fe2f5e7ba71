#!/usr/bin/python3
"""Identities in data, put in and looked for, without this program's code.

privacy.py mark FOLDER               gives the DICOM series below FOLDER the identities of invented patients: in headers,
                                     private elements, UIDs, names of folders and files
privacy.py search DATA FOLDER...     looks into every file below the folders, DATA and index.sqlite left out, for anything
                                     in the headers and names of DATA that tells of a patient; exit code 1 if it is there
privacy.py segmentations A B         the DICOM segmentations of both folders are pseudonymous, their UIDs new, and those of
                                     one patient refer to the same study, series and instances in A and B
"""
import base64
import gzip
import re
import sys
import zipfile
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

PATIENTS = [("Zebrowska^Odalys", "MRN-77310492", "19470317"), ("Quarshie^Thaddeus", "MRN-20985517", "19611105"),
            ("Ilmarinen^Väinö", "MRN-64410073", "19880229")]
KNOWN = "1.2.840.10008."  # UIDs of the standard itself


def dicom_files(folder):
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        try:
            yield path, pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            pass


def each(dataset):
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from each(item)
        else:
            yield element


def mark(folder):
    patients, uids = {}, {}
    for path, d in list(dicom_files(folder)):
        number = patients.setdefault(d.PatientID, len(patients))
        name, known, born = PATIENTS[number % len(PATIENTS)]
        if number >= len(PATIENTS):
            name, known = name + str(number), known + str(number)
        d.SpecificCharacterSet = "ISO_IR 192"
        d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = name, known, born, "F"
        d.StudyDate, d.StudyTime, d.AccessionNumber, d.StudyID = f"199{number % 10}1231", "121314", f"ACC-{number}-55019", "S-90417"
        d.InstitutionName, d.ReferringPhysicianName = "Sankt Gallus Spital", "Obermoser^Liesl"
        d.StudyDescription = f"Follow-up of {name.split('^')[0]}"
        block = d.private_block(0x0029, "CLINIC HEADER", create=True)
        block.add_new(0x10, "LO", f"ward of {name}")
        if number == 0 and d.Modality != "SEG":
            d.BurnedInAnnotation = "YES"
        for element in each(d):
            if element.VR == "UI" and element.value and not str(element.value).startswith(KNOWN):
                element.value = uids.setdefault(str(element.value), generate_uid(None))
        d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
        home = Path(folder) / name.replace("^", "_") / f"{d.Modality}-{d.StudyDate}"
        home.mkdir(parents=True, exist_ok=True)
        path.unlink()
        d.save_as(home / f"{d.SOPInstanceUID}.dcm")
    for path in sorted(Path(folder).rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def identities(data):
    """Every text that tells of a patient, in lower case."""
    found = set()
    for path, d in dicom_files(data):
        for element in each(d):
            values = element.value if isinstance(element.value, (list, pydicom.multival.MultiValue)) else [element.value]
            for value in map(str, values):
                if element.VR == "UI" and not value.startswith(KNOWN) and len(value) > 10:
                    found.add(value)
                elif element.VR == "PN":
                    found.update([value, *(part for part in re.split(r"[\^ =]", value) if len(part) > 5)])
                elif element.VR in ("DA", "DT") and len(value) >= 8:
                    found.update((value, f"{value[:4]}-{value[4:6]}-{value[6:8]}"))
                elif element.tag.is_private or element.keyword in ("PatientID", "AccessionNumber", "StudyID",
                                                                   "InstitutionName", "StudyDescription"):
                    found.add(value)
    for path in Path(data).rglob("*"):
        found.update(path.relative_to(data).parts)
        found.add(path.stem)
    ordinary = {"CT", "SEG", "SEG.dcm", "LoRKD", "LoRKD Workbench", "Phantom", "PHANTOM", ""}
    return {word.lower() for word in found - ordinary if len(word) > 4}


def contents(path):
    """What a file holds: as it lies there, and unpacked."""
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    if path.suffix == ".html":
        for packed in re.findall(rb"base64,([A-Za-z0-9+/=]+)", raw):
            yield base64.b64decode(packed)


def search(data, folders):
    words = identities(data)
    assert len(words) > 20, f"only {len(words)} identities in {data}"
    pattern = re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words, key=len, reverse=True)))
    files = leaks = 0
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if Path(data) in path.parents or path.name.startswith("index.sqlite") or not path.is_file():
                continue
            files += 1
            for content in [str(path.relative_to(folder)).encode(), *contents(path)]:
                if hit := pattern.search(content.lower()):
                    leaks += 1
                    print(f"{path}: {content[max(0, hit.start() - 40):hit.end() + 40]!r}")
                    break
    print(f"{len(words)} identities, {files} files, {leaks} with one of them")
    return 1 if leaks or files == 0 else 0


def segmentations(a, b):
    def references(folder):
        out = {}
        for path, d in dicom_files(folder):
            if d.get("Modality") != "SEG":
                continue
            assert d.PatientIdentityRemoved == "YES" and str(d.PatientName) == d.PatientID, path
            assert re.fullmatch("patient-[0-9a-f]{10}", d.PatientID), d.PatientID
            own = [e.value for e in each(d) if e.VR == "UI" and not str(e.value).startswith(KNOWN)]
            assert all(str(uid).startswith("2.25.") for uid in own), path
            series = d.ReferencedSeriesSequence[0]
            out[d.PatientID, path.stem] = (d.StudyInstanceUID, d.FrameOfReferenceUID, series.SeriesInstanceUID,
                                           [i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence])
        return out
    one, other = references(a), references(b)
    assert one and one == {key: other.get(key) for key in one}, (one.keys(), other.keys())
    print(len(one), "segmentations refer alike")
    return 0


if __name__ == "__main__":
    command, first, *rest = sys.argv[1:]
    sys.exit({"mark": lambda: mark(first), "search": lambda: search(first, rest),
              "segmentations": lambda: segmentations(first, *rest)}[command]())
