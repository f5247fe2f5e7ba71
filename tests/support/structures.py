#!/usr/bin/python3
"""A CT series of the ramp of odd_inputs.py with structure sets of known shape, by pydicom.

structures.py FOLDER TILT VARIANT   writes FOLDER/*.dcm and FOLDER/structures.dcm; TILT in radians about z and x
Variants: plain; unreferenced, which names no series; unknown, whose contours are declared as unknown bytes; turned,
whose contours do not lie in slices; rubbish, whose contours are no numbers; hostile, whose numbers are as large as can
be; sparse, whose ring is drawn on the first and the last slice alone, and second on slices 0, 2 and 4.
Structures, about the middle of each slice in its plane: ring (radius 12 mm without 6 mm), keyhole (the same in one
contour), second (radius 8 mm on every second slice), points (none that encloses anything).
"""
import sys
from pathlib import Path

import odd_inputs as odd
from odd_inputs import Dataset, FileMetaDataset, Sequence, np, uid

COLUMNS, ROWS = 40, 48
CENTRE = (25.0, 18.0)  # mm along rows and columns from the first pixel


def circle(radius, backwards=False):
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)[::-1 if backwards else 1]
    return np.stack([CENTRE[0] + radius * np.cos(turn), CENTRE[1] + radius * np.sin(turn)], 1)


def main(out, tilt, variant):
    out, tilt = Path(out), float(tilt)
    axes = odd.rotation(tilt, -tilt)
    s = odd.Slices("structures " + variant, axes)
    for k, f in enumerate(s.files):
        s.place(f, odd.ORIGIN + k * axes[:, 2] * odd.SPACING[2], shape=(ROWS, COLUMNS))
    s.write(out)

    def contour(k, points, kind="CLOSED_PLANAR"):
        lps = odd.ORIGIN + k * axes[:, 2] * odd.SPACING[2] + points[:, :1] * axes[:, 0] + points[:, 1:] * axes[:, 1]
        if variant == "turned":
            lps = lps + np.linspace(0, 4, len(lps))[:, None] * axes[:, 2]
        if variant == "hostile":
            lps = np.array([[1.7e308, 0, lps[0, 2]], [1.7e308, 14, lps[0, 2]], [-1.7e308, 7, lps[0, 2]]])
        c = Dataset()
        c.ContourGeometricType = kind
        c.NumberOfContourPoints = len(lps)
        text = "\\".join(f"{v:.4f}" if abs(v) < 1e6 else f"{v:.1e}" for v in lps.ravel())
        if variant == "unknown":
            c.add_new(0x30060050, "UN", (text + " " * (len(text) % 2)).encode())
        else:
            c.ContourData = text.split("\\")
        return c

    outer, inner = circle(12), circle(6, backwards=True)
    keyhole = np.concatenate([outer, outer[:1], inner[-1:], inner, inner[-1:], outer[:1]])
    every = range(odd.SLICES)
    rois = {
        "ring": [contour(k, p) for k in every for p in (outer, circle(6))],
        "keyhole": [contour(k, keyhole) for k in every],
        "second": [contour(k, circle(8)) for k in every if k % 2 == 0],
        "points": [contour(3, outer[:1], "POINT"), contour(3, outer[:9], "OPEN_PLANAR")],
    }
    if variant == "sparse":
        rois["ring"] = [contour(k, p) for k in (0, odd.SLICES - 1) for p in (outer, circle(6))]
        rois["second"] = [contour(k, circle(8)) for k in (0, 2, 4)]
    first, outer_ring = s.files[0], rois["ring"][0]
    d = Dataset()
    d.file_meta = FileMetaDataset()
    for key in ("PatientID", "PatientName", "StudyInstanceUID"):
        setattr(d, key, first[key].value)
    d.SOPClassUID, d.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", uid("structures")
    d.SeriesInstanceUID, d.Modality, d.StructureSetLabel = uid("structure series"), "RTSTRUCT", "test"
    frame, study, series, images = Dataset(), Dataset(), Dataset(), []
    for f in s.files:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = f.SOPClassUID, f.SOPInstanceUID
        images.append(image)
    series.SeriesInstanceUID, series.ContourImageSequence = first.SeriesInstanceUID, Sequence(images)
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", first.StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame.FrameOfReferenceUID = first.FrameOfReferenceUID
    if variant != "unreferenced":
        frame.RTReferencedStudySequence = Sequence([study])
        d.ReferencedFrameOfReferenceSequence = Sequence([frame])
    named, drawn = [], []
    for n, (name, contours) in enumerate(rois.items()):
        roi, lines = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = n + 1, name, first.FrameOfReferenceUID
        roi.ROIGenerationAlgorithm = "MANUAL"
        lines.ReferencedROINumber, lines.ROIDisplayColor = n + 1, [255, 16 * n, 0]
        lines.ContourSequence = Sequence(contours)
        named.append(roi)
        drawn.append(lines)
    d.StructureSetROISequence, d.ROIContourSequence = Sequence(named), Sequence(drawn)
    d.RTROIObservationsSequence = Sequence([])
    d.BitsAllocated = 0
    odd.write(out / "structures.dcm", d)
    if variant == "rubbish":
        number = str(outer_ring.ContourData[0]).encode()
        data = (out / "structures.dcm").read_bytes()
        (out / "structures.dcm").write_bytes(data.replace(number, number.replace(b".", b"x"), 1))


main(*sys.argv[1:])
