#!/usr/bin/python3
"""One phantom as a DICOM series with a SEG, by pydicom, and as NIfTI with a label map, by nibabel.

twins.py FOLDER   makes for every way of acquiring FOLDER/<name>/dicom and FOLDER/<name>/nifti with ct.nii.gz and
ct_seg.nii.gz, and FOLDER/expected.json: by name, the centre of the bright blob in LPS mm and in how many voxels the
label "blob" lies.
The blob is a Gaussian about a place that is no voxel's centre. The affine of NIfTI is computed here: its columns are the
steps along columns, rows and slices, its offset the first pixel's position, with L and P turned into R and A.
Exit code 77: pydicom or nibabel is missing.
"""
import json
import sys
from pathlib import Path

try:
    import nibabel
    import numpy as np
    import label_maps as maps
    import odd_inputs as odd
except ImportError as missing:
    print(missing)
    sys.exit(77)

COLUMNS, ROWS, SLICES = 40, 36, 15
SPACING = np.array((1.1, 0.9, 2.5))
ORIGIN = np.array((-31.0, 24.0, -310.0))
AXIAL = np.eye(3)
SAGITTAL = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], float)  # columns to P, rows to F, slices to R
CORONAL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
WAYS = {  # direction cosines of columns, rows and slices; whether files come in reverse
    "axial": (AXIAL, False),
    "sagittal": (SAGITTAL, False),
    "coronal": (CORONAL, False),
    "oblique": (odd.rotation(0.35, -0.25), False),
    "oblique-sagittal": (odd.rotation(-0.3, 0.2) @ SAGITTAL, False),
    "flipped-in-plane": (np.diag((-1.0, -1.0, 1.0)), False),
    "flipped-through-plane": (np.diag((1.0, -1.0, -1.0)), False),
    "slices-against-the-normal": (np.diag((1.0, 1.0, -1.0)), True),
}


def main(out):
    out, expected = Path(out), {}
    k, j, i = np.mgrid[:SLICES, :ROWS, :COLUMNS]
    index = np.stack((i, j, k), -1)
    for name, (axes, reverse) in WAYS.items():
        position = ORIGIN + (index * SPACING) @ axes.T
        centre = ORIGIN + axes @ (np.array((16.3, 20.6, 6.2)) * SPACING)
        distance = np.linalg.norm(position - centre, axis=-1)
        values = np.round(2000 * np.exp(-(distance / 6) ** 2)).astype("<i2")
        inside = distance < 8
        series = odd.Slices("twins " + name, axes, count=0)
        for n in range(SLICES):
            d = series.slice(n, odd.ORIGIN)
            d.ImagePositionPatient = [f"{v:.9g}" for v in ORIGIN + n * SPACING[2] * axes[:, 2]]
            d.Rows, d.Columns = ROWS, COLUMNS
            d.PixelSpacing, d.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
            series.pixels(d, values[n].astype(int), 1, -1024, 16, 16)
            series.files.append(d)
        d = maps.segmentation("twins " + name, series, "LABELMAP", {1: "blob"})
        d.BitsAllocated, d.BitsStored, d.HighBit = 8, 8, 7
        d.PerFrameFunctionalGroupsSequence = odd.Sequence([])
        maps.frames(d, series, range(SLICES))
        shared = d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        shared.SliceThickness = SPACING[2]
        d.PixelData = inside.astype("u1").tobytes()
        d["PixelData"].VR = "OB"
        if reverse:
            series.files.reverse()
        series.write(out / name / "dicom")
        odd.write(out / name / "dicom" / "seg.dcm", d)
        affine = np.eye(4)
        affine[:3, :3], affine[:3, 3] = axes * SPACING, ORIGIN
        affine = np.diag((-1.0, -1, 1, 1)) @ affine
        folder = out / name / "nifti"
        folder.mkdir()
        for file, data in (("ct.nii.gz", values), ("ct_seg.nii.gz", inside.astype("u1"))):
            nibabel.save(nibabel.Nifti1Image(data.transpose(2, 1, 0), affine), folder / file)
        (folder / "labels.csv").write_text("value,name\n1,blob\n")
        expected[name] = {"centre": list(centre), "voxels": int(inside.sum())}
    (out / "expected.json").write_text(json.dumps(expected))


main(*sys.argv[1:])
