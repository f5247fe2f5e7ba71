#!/usr/bin/python3
"""DICOM pictures in every photometric interpretation, by pydicom: dicom_pictures.py FOLDER. Beside each NAME.dcm lies
NAME.raw, the 8-bit greys or RGB that a viewer shows, computed here from the definitions in PS3.3 C.7.6.3 and C.11.2."""
import sys
from pathlib import Path

import numpy
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
HEIGHT, WIDTH = 48, 64
y, x = numpy.mgrid[:HEIGHT, :WIDTH]
grey = (x * 3 + y).astype("u1")
rgb = numpy.stack([x * 4, y * 5, 255 - x * 3], -1).astype("u1")


def save(name, photometric, pixels, truth, bits=8, allocated=8, samples=1, **more):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3." + str(sum(name.encode()))
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.4", ds.SOPInstanceUID + ".1", "OT"
    ds.PatientID = ds.PatientName = "p"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = HEIGHT, WIDTH, samples
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, bits - 1, 0
    if samples > 1:
        ds.PlanarConfiguration = more.pop("planar", 0)
    for key, value in more.items():
        setattr(ds, key, value)
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OB" if allocated == 8 else "OW"
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds.save_as(out / (name + ".dcm"), write_like_original=False)
    numpy.clip(numpy.rint(truth), 0, 255).astype("u1").tofile(out / (name + ".raw"))


def ybr(pixels):
    r, g, b = (pixels[..., n].astype(float) for n in range(3))
    full = [0.299 * r + 0.587 * g + 0.114 * b, 128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
            128 + 0.5 * r - 0.418688 * g - 0.081312 * b]
    return numpy.clip(numpy.rint(numpy.stack(full, -1)), 0, 255).astype("u1")


save("monochrome2", "MONOCHROME2", grey, grey)
save("monochrome1", "MONOCHROME1", grey, 255.0 - grey)
deep = (x * 50 + y * 7 + 100).astype("<u2")
low, high = float(deep.min()), float(deep.max())
save("deep", "MONOCHROME2", deep, (deep - low) / (high - low) * 255, bits=12, allocated=16)
save("deep-inverse", "MONOCHROME1", deep, (high - deep) / (high - low) * 255, bits=12, allocated=16)
centre, width = 1500.0, 2000.0
shown = numpy.clip((deep - (centre - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
save("windowed", "MONOCHROME2", deep, shown, bits=12, allocated=16, WindowCenter=centre, WindowWidth=width,
     BurnedInAnnotation="YES")
save("rgb", "RGB", rgb, rgb, samples=3)
save("rgb-planes", "RGB", numpy.moveaxis(rgb, -1, 0), rgb, samples=3, planar=1)
save("ybr", "YBR_FULL", ybr(rgb), rgb, samples=3)
# Two neighbours share their colours, so only pairs of equal pixels survive.
pairs = numpy.repeat(rgb[:, ::2], 2, axis=1)
whole = ybr(pairs)
packed = numpy.stack([whole[:, ::2, 0], whole[:, 1::2, 0], whole[:, ::2, 1], whole[:, ::2, 2]], -1)
save("ybr-422", "YBR_FULL_422", packed, pairs, samples=3)
index = (x + WIDTH * y).astype("u1")
tables = [(numpy.arange(256) * k % 256).astype("<u2") * 257 for k in (1, 3, 7)]
colours = dict(zip(("Red", "Green", "Blue"), tables))
lookup = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, 16] for c in colours}
lookup |= {f"{c}PaletteColorLookupTableData": t.tobytes() for c, t in colours.items()}
save("palette", "PALETTE COLOR", index, numpy.stack([t[index] >> 8 for t in tables], -1), **lookup)
