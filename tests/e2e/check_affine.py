"""Predictions lie on their source: the NIfTI affine equals the one that the DICOM headers give."""
import json
import sqlite3
import sys
from pathlib import Path

import nibabel
import numpy
import pydicom

project = Path(sys.argv[1])
run = project / "runs" / "lorkd"
index = sqlite3.connect(project / "index.sqlite")
# Paths are kept below the source's folder, and that below the project where it lies there.
rows = index.execute("SELECT folder, data FROM item JOIN source ON source.id = item.source")
cases = {case["id"]: (project / folder, case) for folder, case in ((row[0], json.loads(row[1])) for row in rows)}
checked = 0
for folder in sorted((run / "predictions").iterdir()):
    place, case = cases[folder.name]
    slices = [pydicom.dcmread(place / f, stop_before_pixels=True) for f in case["image_files"]]
    row, column = (numpy.array(slices[0].ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    normal = numpy.cross(row, column)
    slices.sort(key=lambda s: normal @ numpy.array(s.ImagePositionPatient, float))
    first, last = (numpy.array(s.ImagePositionPatient, float) for s in (slices[0], slices[-1]))
    affine = numpy.eye(4)
    affine[:3, 0] = row * float(slices[0].PixelSpacing[1])
    affine[:3, 1] = column * float(slices[0].PixelSpacing[0])
    affine[:3, 2] = (last - first) / (len(slices) - 1)
    affine[:3, 3] = first
    affine = numpy.diag([-1, -1, 1, 1]) @ affine
    for file in folder.glob("*.nii.gz"):
        image = nibabel.load(file)
        assert image.shape == (slices[0].Columns, slices[0].Rows, len(slices)), (image.shape, file)
        assert numpy.abs(image.affine - affine).max() < 1e-3, (image.affine, affine, file)
        checked += 1
assert checked > 0
print(checked, "predictions lie on their source")
