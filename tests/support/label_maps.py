#!/usr/bin/python3
"""A CT series of the ramp of odd_inputs.py with the same structures as a binary SEG and as label maps, by pydicom.

label_maps.py FOLDER   writes FOLDER/ct, FOLDER/binary.dcm and a file for each way to write or to spoil a label map
Structures: shell (number 2) and core (number 7) of a ball, and corner (number 300 where values have 16 bits, else 40).
A good file's name begins with "map", a wrong one's with "wrong"; those whose tool is missing are left out.
"""
import subprocess
import sys
from pathlib import Path

import odd_inputs as odd
from odd_inputs import Dataset, FileMetaDataset, Sequence, np, uid

BINARY, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
TILT = odd.rotation(0.3, -0.2)


def numbers(corner):
    """The segment number of every voxel, 0 outside of all."""
    k, j, i = np.mgrid[:odd.SLICES, :odd.ROWS, :odd.COLUMNS]
    r = np.hypot(np.hypot(i - 5, j - 4), 1.5 * (k - 3))
    out = np.where(r < 2, 7, np.where(r < 4, 2, 0))
    out[0, 0, :3] = out[6, 8, 10] = corner
    return out


def segmentation(name, series, kind, described):
    """All but the pixels."""
    first = series.files[0]
    d = Dataset()
    d.file_meta = FileMetaDataset()
    for key in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID", "Rows", "Columns"):
        setattr(d, key, first[key].value)
    d.SOPClassUID = BINARY if kind == "BINARY" else LABEL_MAP
    d.SOPInstanceUID, d.SeriesInstanceUID = uid("instance " + name), uid("series " + name)
    d.Modality, d.SegmentationType = "SEG", kind
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, "MONOCHROME2", 0
    segments = []
    for number, label in described.items():
        s = Dataset()
        s.SegmentNumber, s.SegmentLabel = number, label
        segments.append(s)
    d.SegmentSequence = Sequence(segments)
    measures, turn, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, odd.SPACING[2]
    turn.ImageOrientationPatient = first.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([turn])
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    reference, instances = Dataset(), []
    for f in series.files:
        i = Dataset()
        i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID = f.SOPClassUID, f.SOPInstanceUID
        instances.append(i)
    reference.SeriesInstanceUID = first.SeriesInstanceUID
    reference.ReferencedInstanceSequence = Sequence(instances)
    d.ReferencedSeriesSequence = Sequence([reference])
    return d


def frames(d, series, planes, number=None):
    """A frame for each of `planes`, of one segment where a number is given."""
    for k in planes:
        frame, plane = Dataset(), Dataset()
        plane.ImagePositionPatient = series.files[k].ImagePositionPatient
        frame.PlanePositionSequence = Sequence([plane])
        if number is not None:
            identity = Dataset()
            identity.ReferencedSegmentNumber = number
            frame.SegmentIdentificationSequence = Sequence([identity])
        d.PerFrameFunctionalGroupsSequence.append(frame)
    d.NumberOfFrames = len(d.PerFrameFunctionalGroupsSequence)


def binary(series, described, values):
    d = segmentation("binary", series, "BINARY", described)
    d.PerFrameFunctionalGroupsSequence = Sequence([])
    d.BitsAllocated = d.BitsStored = 1
    d.HighBit = 0
    masks = []
    for number in described:
        frames(d, series, range(odd.SLICES), number)
        masks.append(values == number)
    data = np.packbits(np.array(masks).ravel(), bitorder="little").tobytes()
    d.PixelData = data + b"\0" * (len(data) % 2)
    d["PixelData"].VR = "OB"
    return d


def label_map(name, series, described, values, bits=8, planes=range(odd.SLICES), padding=None):
    d = segmentation(name, series, "LABELMAP", described)
    d.PerFrameFunctionalGroupsSequence = Sequence([])
    d.BitsAllocated = d.BitsStored = bits
    d.HighBit = bits - 1
    frames(d, series, planes)
    if padding is not None:
        d.add_new("PixelPaddingValue", "US", padding)
    data = values[list(planes)].astype(f"<u{bits // 8}").tobytes()
    d.PixelData = data + b"\0" * (len(data) % 2)
    d["PixelData"].VR = "OB" if bits == 8 else "OW"
    return d


def coloured(d):
    """With a palette: red, green and blue of number n are 2n, n and 255 - n."""
    d.PhotometricInterpretation = "PALETTE COLOR"
    ramp = np.arange(256)
    for key, values in (("Red", 2 * ramp % 256), ("Green", ramp), ("Blue", 255 - ramp)):
        d.add_new(key + "PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        d.add_new(key + "PaletteColorLookupTableData", "OW", (values * 257).astype("<u2").tobytes())
    return d


def main(out):
    out = Path(out)
    series = odd.Slices("label maps", TILT)
    series.write(out / "ct")
    names = {2: "shell", 7: "core", 40: "corner"}
    wide = {2: "shell", 7: "core", 300: "corner"}
    some = numbers(40)

    def put(name, d, command=None):
        file = out / (name + ".dcm")
        kind = d.SOPClassUID
        if command:
            d.SOPClassUID = odd.ENHANCED_CT  # GDCM's tool takes classes alone that it knows
        odd.write(file, d)
        if not command:
            return
        target = file.with_suffix(".out")
        try:
            subprocess.run([*command, str(file), str(target)], check=True, capture_output=True)
        except FileNotFoundError:  # not installed
            file.unlink()
            return
        target.rename(file)
        coded = odd.pydicom.dcmread(file)
        coded.SOPClassUID = coded.file_meta.MediaStorageSOPClassUID = kind
        coded.save_as(file)

    put("binary", binary(series, names, some))
    put("map-8", label_map("8", series, names, some))
    put("map-16", label_map("16", series, wide, numbers(300), 16))
    put("map-with-background", label_map("background", series, {0: "Background", **names}, some))
    put("map-any-order", label_map("order", series, names, some, planes=(3, 0, 6, 2, 5, 1, 4)))
    put("map-palette", coloured(label_map("palette", series, names, some)))
    put("map-padded", label_map("padded", series, {255: "outside", **names}, np.where(some == 0, 255, some),
                                padding=255))
    old = label_map("old class", series, names, some)
    old.SOPClassUID = BINARY
    put("map-in-the-older-class", old)
    for tool in ("dcmcrle", "dcmcjpeg +e1", "dcmcjpls", "gdcmconv --j2k", "gdcmconv --rle"):
        put("map-" + tool.replace(" ", "-").replace("+", "").replace("---", "-"),
            label_map(tool, series, names, some), tool.split())
        put("map-16-" + tool.replace(" ", "-").replace("+", "").replace("---", "-"),
            label_map(tool + "16", series, wide, numbers(300), 16), tool.split())

    put("wrong-undescribed", label_map("undescribed", series, {2: "shell", 7: "core"}, some))
    twice = label_map("twice", series, names, some)
    twice.SegmentSequence[1].SegmentNumber = 2
    put("wrong-number-twice", twice)
    put("wrong-32-bits", label_map("32", series, names, some, 32))
    short = label_map("short", series, names, some)
    short.PixelData = short.PixelData[:-100]
    put("wrong-short", short)
    missing = label_map("missing", series, names, some)
    del missing.SegmentSequence
    put("wrong-no-segments", missing)
    signed = label_map("signed", series, names, some)
    signed.PixelRepresentation = 1
    put("wrong-signed", signed)


if __name__ == "__main__":
    main(*sys.argv[1:])
