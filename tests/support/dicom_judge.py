#!/usr/bin/python3
"""Independent judge of DICOM and NIfTI files, by pydicom and nibabel. Exit code 77: the judge's library is missing.

dicom_judge.py ct FOLDER A B C D   every pixel's HU is round(A x + B y + C z + D) of its own LPS position
dicom_judge.py seg FILE            prints "label count x y z" for every segment: voxels and their mean LPS position
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


{"ct": ct, "seg": seg, "nifti": nifti}[sys.argv[1]](*sys.argv[2:])
