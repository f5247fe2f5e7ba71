"""Volumes for the benches."""
import gzip

import numpy


def nifti(path, voxels, spacing, kind):
    """A NIfTI-1 of (z, y, x) voxels, compressed if its name ends in .gz."""
    header = bytearray(352)
    header[0:4] = numpy.int32(348).tobytes()
    header[40:56] = numpy.array([3, *voxels.shape[::-1], 1, 1, 1, 1], "<i2").tobytes()
    header[70:74] = numpy.array([kind, voxels.dtype.itemsize * 8], "<i2").tobytes()
    header[76:108] = numpy.array([1, *spacing, 0, 0, 0, 0], "<f4").tobytes()
    header[108:116] = numpy.array([352, 1], "<f4").tobytes()
    header[123] = 2  # mm
    header[254:256] = numpy.int16(1).tobytes()  # sform
    rows = [[-spacing[0], 0, 0, 0], [0, -spacing[1], 0, 0], [0, 0, spacing[2], 0]]
    header[280:328] = numpy.array(rows, "<f4").tobytes()
    header[344:348] = b"n+1\0"
    with gzip.open(path, "wb", 1) if path.endswith(".gz") else open(path, "wb") as file:
        file.write(bytes(header))
        file.write(memoryview(numpy.ascontiguousarray(voxels)).cast("B"))
