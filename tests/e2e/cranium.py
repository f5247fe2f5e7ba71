"""Writes a head CT kept by InVesalius as NIfTI, with its threshold masks as labels.

usage: cranium.py Cranium.inv3 FOLDER        (ct.nii.gz, labels.nii.gz and labels.csv)

An .inv3 file is a tar archive: matrix.dat holds int16 HU (z, y, x), rows from back to front; mask_N.dat holds uint8 with
one more plane, row and column in front.
"""
import plistlib
import sys
import tarfile
from pathlib import Path

import nibabel
import numpy

archive, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
with tarfile.open(archive) as tar:
    files = {Path(m.name).name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
main = plistlib.loads(files["main.plist"])
shape, spacing = main["matrix"]["shape"], main["spacing"]
volume = numpy.frombuffer(files["matrix.dat"], numpy.int16).reshape(shape)
labels = numpy.zeros(shape, numpy.uint8)
names = []
# The wider threshold first, so that bone lies on top of the rest.
for mask in sorted(main["masks"].values(), key=lambda name: plistlib.loads(files[name])["threshold_range"][0]):
    about = plistlib.loads(files[mask])
    own = numpy.frombuffer(files[about["mask_file"]], numpy.uint8).reshape(about["mask_shape"])[1:, 1:, 1:]
    names.append("bone" if about["threshold_range"][0] > 200 else "soft tissue")
    labels[own > 127] = len(names)
# Array axes to x, y, z; y from front to back, so that i, j, k run to L, P, S.
to_lps = lambda a: numpy.ascontiguousarray(a[:, ::-1, :].transpose(2, 1, 0))
affine = numpy.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
nibabel.save(nibabel.Nifti1Image(to_lps(volume), affine), folder / "ct.nii.gz")
nibabel.save(nibabel.Nifti1Image(to_lps(labels), affine), folder / "labels.nii.gz")
(folder / "labels.csv").write_text("value,name\n" + "".join(f"{i},{n}\n" for i, n in enumerate(names, 1)))
print({n: int((labels == i).sum()) for i, n in enumerate(names, 1)})
