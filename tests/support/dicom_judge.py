#!/usr/bin/python3
"""Independent judge of DICOM and NIfTI files, by pydicom and nibabel. Exit code 77: the judge's library is missing.

dicom_judge.py ct FOLDER A B C D   every pixel's HU is round(A x + B y + C z + D) of its own LPS position
dicom_judge.py seg FILE            prints "label count x y z" for every segment: voxels and their mean LPS position
dicom_judge.py recode FILE OUT     writes the SEG anew, its first two segments with codes and colours of their own
dicom_judge.py codes FILE          prints "number|label|category|type|modifier|#rrggbb" for every segment
dicom_judge.py nifti FILE A B C D  every voxel is A x + B y + C z + D of its LPS position; prints the RAS affine
"""
import sys
from pathlib import Path

try:
    import numpy as np
    import pydicom
    import nibabel
except ImportError as missing:
    print(missing)
    sys.exit(77)


def plane(position, orientation, spacing, rows, columns):
    """LPS positions (rows, columns, 3) by PS3.3 equation C.7.6.2.1-1."""
    position, x, y = (np.array(v, float) for v in (position, orientation[:3], orientation[3:]))
    r, c = np.mgrid[:rows, :columns]
    return position + c[..., None] * x * float(spacing[1]) + r[..., None] * y * float(spacing[0])


def ct(folder, *ramp):
    ramp = np.array(ramp, float)
    uids = set()
    for file in sorted(Path(folder).iterdir()):
        d = pydicom.dcmread(file)
        hu = d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept)
        lps = plane(d.ImagePositionPatient, d.ImageOrientationPatient, d.PixelSpacing, d.Rows, d.Columns)
        worst = np.abs(hu - (lps @ ramp[:3] + ramp[3])).max()
        assert worst <= 0.5 + 1e-6, f"{file.name}: HU is off by {worst}"
        uids.add(d.SOPInstanceUID)
    print(len(uids))


def seg(file):
    d = pydicom.dcmread(file)
    frames = np.unpackbits(np.frombuffer(d.PixelData, np.uint8), bitorder="little")
    frames = frames[: d.NumberOfFrames * d.Rows * d.Columns].reshape(d.NumberOfFrames, d.Rows, d.Columns)
    shared = d.SharedFunctionalGroupsSequence[0]
    found = {s.SegmentNumber: (s.SegmentLabel, []) for s in d.SegmentSequence}
    for frame, group in zip(frames, d.PerFrameFunctionalGroupsSequence):
        lps = plane(group.PlanePositionSequence[0].ImagePositionPatient,
                    shared.PlaneOrientationSequence[0].ImageOrientationPatient,
                    shared.PixelMeasuresSequence[0].PixelSpacing, d.Rows, d.Columns)
        found[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber][1].append(lps[frame == 1])
    for label, points in found.values():
        points = np.concatenate(points)
        print(label, len(points), *(f"{x:.6f}" for x in (points.mean(0) if len(points) else (0, 0, 0))))


# CIELab of D65 as DCMTK and 3D Slicer take it, in the scaling of PS3.3 section C.10.7.1.1.
WHITE = np.array([0.950456, 1, 1.088754])
SRGB = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def to_lab(color):
    rgb = np.array([int(color[n:n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    f = SRGB @ linear / WHITE
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / 3 * (29 / 6) ** 2 + 4 / 29)
    lab = np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
    return [round(x) for x in (lab + [0, 128, 128]) * 65535 / [100, 255, 255]]


def to_color(values):
    lab = np.array(values, float) / 65535 * [100, 255, 255] - [0, 128, 128]
    f = (lab[0] + 16) / 116 + np.array([lab[1] / 500, 0, -lab[2] / 200])
    xyz = WHITE * np.where(f > 6 / 29, f ** 3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(np.linalg.solve(SRGB, xyz), 0, 1)
    rgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return "#" + "".join(f"{round(255 * x):02x}" for x in rgb)


def item(scheme, value, meaning):
    code = pydicom.Dataset()
    code.CodingSchemeDesignator, code.CodeValue, code.CodeMeaning = scheme, value, meaning
    return code


def recode(file, out):
    d = pydicom.dcmread(file)
    d.SpecificCharacterSet = "ISO_IR 192"
    kidney, lesion = d.SegmentSequence[:2]
    kidney.SegmentLabel, lesion.SegmentLabel = "kidney left", "Läsion"
    kidney.SegmentedPropertyCategoryCodeSequence = [item("SCT", "123037004", "Anatomical Structure")]
    kidney.SegmentedPropertyTypeCodeSequence = [item("SCT", "64033007", "Kidney")]
    kidney.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [item("SCT", "7771000", "Left")]
    kidney.RecommendedDisplayCIELabValue = to_lab("#b9664d")
    lesion.SegmentedPropertyCategoryCodeSequence = [item("SCT", "49755003", "Morphologically Altered Structure")]
    lesion.SegmentedPropertyTypeCodeSequence = [item("99HAUS", "L-1", "Läsion, 肝")]
    lesion.RecommendedDisplayCIELabValue = to_lab("#90ee90")
    d.save_as(out)


def codes(file):
    def text(sequence):
        return "^".join((c.CodingSchemeDesignator, c.CodeValue, c.CodeMeaning)) if (c := (sequence or [None])[0]) else ""

    for s in pydicom.dcmread(file).SegmentSequence:
        kind = s.SegmentedPropertyTypeCodeSequence
        color = s.get("RecommendedDisplayCIELabValue")
        print(s.SegmentNumber, s.SegmentLabel, text(s.SegmentedPropertyCategoryCodeSequence), text(kind),
              text(kind[0].get("SegmentedPropertyTypeModifierCodeSequence")), to_color(color) if color else "", sep="|")


def nifti(file, *ramp):
    ramp = np.array(ramp, float)
    image = nibabel.load(file)
    data = image.get_fdata()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in data.shape), indexing="ij"), -1)
    ras = index @ image.affine[:3, :3].T + image.affine[:3, 3]
    worst = np.abs(data - ((ras * [-1, -1, 1]) @ ramp[:3] + ramp[3])).max()
    assert worst < 1e-3, f"values are off by {worst}"
    assert np.allclose(image.get_qform(), image.get_sform(), atol=1e-4), "qform and sform differ"
    print(*(f"{x:.6f}" for x in image.affine[:3].ravel()))


{"ct": ct, "seg": seg, "recode": recode, "codes": codes, "nifti": nifti}[sys.argv[1]](*sys.argv[2:])
