#!/usr/bin/python3
"""Damaged and odd DICOM inputs with known truth, by pydicom and the tools of DCMTK and GDCM.

odd_inputs.py FOLDER [NAME]   makes FOLDER/<name>/ for every recipe, or for the one named, and FOLDER/expected.json
Exit code 77: pydicom is missing. A recipe whose tool is missing is left out.

The truth is a ramp: the value of every pixel is round(A x + B y + C z + D) of its own LPS position in mm. For every
recipe expected.json says what a scan must find: `volumes`, the number of voxels along k of each volume that can be
read and must agree with the ramp (to `tolerance`, where a slice reaches), and `codes`, the findings that must be there;
or `error`, what the refusal must say. `offset` is added to the ramp, which then is cut at `ends`.
"""
import json
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import numpy as np
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import generate_uid
except ImportError as missing:
    print(missing)
    sys.exit(77)

RAMP = (1.5, -2.25, 3.0, 40.0)
COLUMNS, ROWS, SLICES = 11, 9, 7
SPACING = (1.25, 0.75, 2.5)  # between columns, rows, slices
ORIGIN = np.array((-12.5, 31.0, -77.0))
CT, MR, ENHANCED_CT, ENHANCED_MR, CAPTURE = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.7")
EXPLICIT, IMPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


def rotation(z, x):
    cz, sz, cx, sx = np.cos(z), np.sin(z), np.cos(x), np.sin(x)
    return np.array([[cz, -sz, 0], [cx * sz, cx * cz, -sx], [sx * sz, sx * cz, cx]])


def uid(name):
    return generate_uid(entropy_srcs=[name])


class Slices:
    """One series of the ramp; recipes change its slices before they are written."""

    def __init__(self, name, axes=np.eye(3), count=SLICES, step=None, origin=ORIGIN, modality="CT"):
        self.name, self.axes = name, axes
        step = axes[:, 2] * SPACING[2] if step is None else np.array(step)
        self.files = [self.slice(k, origin + k * step, modality) for k in range(count)]

    def slice(self, k, position, modality="CT"):
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = EXPLICIT
        d.SOPClassUID = CT if modality == "CT" else MR
        d.SOPInstanceUID = uid(f"{self.name} {k} {position}")
        d.PatientID, d.PatientName = "ODD", "Odd^Input"
        d.StudyInstanceUID, d.SeriesInstanceUID = uid("study " + self.name), uid("series " + self.name)
        d.FrameOfReferenceUID = uid("frame " + self.name)
        d.Modality = modality
        d.InstanceNumber = k + 1
        d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        self.place(d, position)
        return d

    def place(self, d, position, axes=None, shape=(ROWS, COLUMNS)):
        axes = self.axes if axes is None else axes
        d.ImagePositionPatient = [f"{v:.9g}" for v in position]
        d.ImageOrientationPatient = [f"{v:.9g}" for v in (*axes[:, 0], *axes[:, 1])]
        d.PixelSpacing = [SPACING[1], SPACING[0]]
        d.SliceThickness = SPACING[2]
        d.Rows, d.Columns = shape
        self.pixels(d, self.truth(position, axes, shape))

    def truth(self, position, axes=None, shape=(ROWS, COLUMNS)):
        axes = self.axes if axes is None else axes
        r, c = np.mgrid[:shape[0], :shape[1]]
        lps = np.array(position, float) + c[..., None] * axes[:, 0] * SPACING[0] + r[..., None] * axes[:, 1] * SPACING[1]
        return np.round(lps @ np.array(RAMP[:3]) + RAMP[3]).astype(int)

    def pixels(self, d, values, slope=1, intercept=-1024, allocated=16, stored=12, high=None, signed=False):
        d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored = allocated, stored
        d.HighBit = stored - 1 if high is None else high
        d.PixelRepresentation = int(signed)
        d.RescaleSlope, d.RescaleIntercept = slope, intercept
        cells = np.round((values - intercept) / slope).astype(np.int64)
        low = -(1 << (stored - 1)) if signed else 0
        assert cells.min() >= low and cells.max() < low + (1 << stored), (cells.min(), cells.max())
        cells = (cells & ((1 << stored) - 1)) << (d.HighBit + 1 - stored)
        d.PixelData = cells.astype(f"<u{allocated // 8}").tobytes()
        if len(d.PixelData) % 2:
            d.PixelData += b"\0"
        d["PixelData"].VR = "OB" if allocated == 8 else "OW"

    def values(self, d):
        return self.truth([float(v) for v in d.ImagePositionPatient])

    def write(self, folder, syntax=EXPLICIT, preamble=True):
        folder.mkdir(parents=True, exist_ok=True)
        for n, d in enumerate(self.files):
            write(folder / f"{n:02}.dcm", d, syntax, preamble)
        return folder


def write(path, d, syntax=EXPLICIT, preamble=True):
    d.is_implicit_VR, d.is_little_endian = syntax == IMPLICIT, syntax != BIG
    if syntax == BIG and d.BitsAllocated == 16:
        data, d.PixelData = d.PixelData, np.frombuffer(d.PixelData, "<u2").astype(">u2").tobytes()
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.get("SOPInstanceUID") or "1.2.3"
    d.file_meta.TransferSyntaxUID = syntax
    if preamble:
        d.preamble = b"\0" * 128
        pydicom.dcmwrite(path, d, write_like_original=False)
    else:
        meta = d.file_meta
        d.preamble, d.file_meta = None, FileMetaDataset()
        pydicom.dcmwrite(path, d, write_like_original=True)
        d.file_meta = meta
    if syntax == BIG and d.BitsAllocated == 16:
        d.PixelData = data


RECIPES = []


def recipe(volumes=(SLICES,), codes=(), **more):
    def keep(function):
        RECIPES.append((function.__name__.replace("_", "-"), function, {"volumes": list(volumes), "codes": list(codes), **more}))
        return function
    return keep


def each(slices, change):
    for n, d in enumerate(slices.files):
        change(n, d)
    return slices


def convert(folder, command):
    """Writes every file of `folder` anew by a tool that takes a source and a target."""
    for file in sorted(folder.iterdir()):
        out = file.with_suffix(".out")
        subprocess.run([*command, str(file), str(out)], check=True, capture_output=True)
        out.rename(file)


# ---- encodings ----

@recipe()
def explicit_little(name, out):
    Slices(name).write(out)


@recipe()
def implicit(name, out):
    Slices(name).write(out, IMPLICIT)


@recipe()
def big_endian(name, out):
    Slices(name).write(out, BIG)


@recipe()
def deflated(name, out):
    Slices(name).write(out, DEFLATED)


@recipe()
def no_preamble_implicit(name, out):
    Slices(name).write(out, IMPLICIT, preamble=False)


@recipe()
def no_preamble_explicit(name, out):
    Slices(name).write(out, EXPLICIT, preamble=False)


for tool in ("dcmcrle", "dcmcjpeg +e1", "dcmcjpeg +el", "dcmcjpls", "gdcmconv --j2k", "gdcmconv --jpegls",
             "gdcmconv --jpeg", "gdcmconv --rle"):
    def coded(name, out, tool=tool):
        Slices(name).write(out)
        convert(out, tool.split())
    coded.__name__ = tool.replace(" ", "-").replace("+", "").replace("---", "-")
    recipe()(coded)


@recipe(tolerance=3)
def jpeg_8_bit_lossy(name, out):
    s = Slices(name, count=3, origin=ORIGIN + (0, 0, 115))
    each(s, lambda n, d: s.pixels(d, s.values(d), 1, 0, 8, 8))
    s.write(out)
    convert(out, ["dcmcjpeg", "+eb", "+q", "100", "-W", "+sr"])


RECIPES[-1][2]["volumes"] = [3]


@recipe(tolerance=2)
def jpeg_12_bit_lossy(name, out):
    Slices(name).write(out)
    convert(out, ["dcmcjpeg", "+ee", "+q", "100"])


# ---- pixels ----

@recipe()
def signed_16(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 1, 0, 16, 16, signed=True)).write(out)


@recipe()
def signed_12_with_clean_high_bits(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 1, 0, 16, 12, signed=True)).write(out)


@recipe()
def high_bit_15_of_12_stored(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 1, -1024, 16, 12, high=15)).write(out)


@recipe()
def overlay_bits_above_the_stored_ones(name, out):
    def change(n, d):
        cells = np.frombuffer(d.PixelData, "<u2") | 0x8000
        d.PixelData = cells.tobytes()
    each(Slices(name), change).write(out)


@recipe(tolerance=1)
def allocated_8(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 2, -500, 8, 8)).write(out)


@recipe()
def allocated_32(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 1, -1024, 32, 32)).write(out)


@recipe(tolerance=0.6)
def rescale_for_each_slice(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 0.125 * (n + 1), -1000 + n, 16, 16)).write(out)


@recipe(padding=-1024)
def padding_value_unsigned(name, out):
    def change(n, d):
        cells = np.frombuffer(d.PixelData, "<u2").copy()
        cells[:5] = 4000
        d.PixelData = cells.tobytes()
        d.add_new("PixelPaddingValue", "US", 4000)
    each(Slices(name), change).write(out)


@recipe(padding=-1024)
def padding_value_signed_in_the_wrong_representation(name, out):
    s = Slices(name)

    def change(n, d):
        s.pixels(d, s.values(d), 1, 0, 16, 16, signed=True)
        cells = np.frombuffer(d.PixelData, "<i2").copy()
        cells[-5:] = -2000
        d.PixelData = cells.tobytes()
        d.add_new("PixelPaddingValue", "US", 65536 - 2000)
    each(s, change).write(out)


@recipe(volumes=[], codes=["truncated"])
def pixels_cut_off(name, out):
    s = Slices(name).write(out)
    file = sorted(s.iterdir())[3]
    file.write_bytes(file.read_bytes()[:-40])


@recipe(volumes=[], codes=["truncated"])
def fewer_pixels_than_rows(name, out):
    s = Slices(name)
    s.files[2].PixelData = s.files[2].PixelData[:-22]
    s.write(out)


@recipe(error="contradict")
def contradictory_bits(name, out):
    def change(n, d):
        d.BitsStored, d.HighBit = 20, 19
    each(Slices(name), change).write(out)


def pet(s, units=lambda n: "BQML", decay=lambda n: "START"):
    """With a rescale of its own in each slice, as is usual."""
    def change(n, d):
        d.Modality, d.SOPClassUID = "PT", "1.2.840.10008.5.1.4.1.1.128"
        d.Units, d.DecayCorrection = units(n), decay(n)
        s.pixels(d, s.values(d), 0.0625 * (n + 1), 0, 16, 16, signed=True)
    return each(s, change)


@recipe(tolerance=0.25, unit="BQML")
def pet_with_a_slope_for_each_slice(name, out):
    pet(Slices(name)).write(out)


@recipe(volumes=[], codes=["mixed-units"])
def pet_of_mixed_units(name, out):
    pet(Slices(name), units=lambda n: "CNTS" if n == 4 else "BQML").write(out)


@recipe(volumes=[], codes=["mixed-decay"])
def pet_of_mixed_decay_corrections(name, out):
    pet(Slices(name), decay=lambda n: "ADMIN" if n > 4 else "START").write(out)


@recipe(tolerance=0.25, codes=["no-decay-correction"], unit="CNTS")
def pet_without_decay_correction(name, out):
    pet(Slices(name), units=lambda n: "CNTS", decay=lambda n: "NONE").write(out)


def looked_up(s, first=0, bits=16, signed=False, data=None, entries=None):
    """Pixels that number the values of the series' slice from its lowest on, with a table that gives them back."""
    def change(n, d):
        values = s.values(d) + 1000
        low = int(values.min())
        s.pixels(d, values - low + first, 1, 0, 16, 16, signed=signed)
        del d.RescaleSlope, d.RescaleIntercept
        table = np.arange(low, values.max() + 1)
        item = Dataset()
        item.add_new("LUTDescriptor", "SS" if signed else "US", [len(table) if entries is None else entries, first, bits])
        item.ModalityLUTType = "US"
        item.add_new("LUTData", *(data(table) if data else ("OW", table.astype("<u2").tobytes())))
        d.ModalityLUTSequence = Sequence([item])
    return each(s, change)


@recipe(offset=1000)
def modality_lookup_table(name, out):
    looked_up(Slices(name, modality="MR")).write(out)


@recipe(offset=1000)
def modality_lookup_table_from_a_negative_value_on(name, out):
    looked_up(Slices(name, modality="MR"), first=-20, signed=True).write(out)


@recipe(offset=1000)
def modality_lookup_table_of_numbers(name, out):
    looked_up(Slices(name), data=lambda t: ("US", [int(v) for v in t])).write(out)


@recipe(offset=1000)
def modality_lookup_table_in_jpeg_2000(name, out):
    looked_up(Slices(name)).write(out)
    convert(out, ["gdcmconv", "--j2k"])


@recipe(offset=0)
def modality_lookup_table_of_packed_bytes(name, out):
    s = Slices(name, origin=ORIGIN + (0, 0, 115))

    def change(n, d):
        values = s.values(d)
        assert values.min() >= 0 and values.max() < 256
        s.pixels(d, 255 - values, 1, 0, 8, 8)
        del d.RescaleSlope, d.RescaleIntercept
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [256, 0, 8])
        item.ModalityLUTType = "US"
        item.add_new("LUTData", "OW", np.arange(256, dtype="u1")[::-1].tobytes())
        d.ModalityLUTSequence = Sequence([item])
    each(s, change).write(out)


@recipe(offset=1000, ends=[1060, 1090])
def modality_lookup_table_shorter_than_the_pixels_reach(name, out):
    # What lies beyond its ends means what the ends mean.
    s = Slices(name, origin=ORIGIN + (0, 0, 115))

    def change(n, d):
        s.pixels(d, s.values(d), 1, 0, 16, 16)
        del d.RescaleSlope, d.RescaleIntercept
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [31, 60, 16])
        item.ModalityLUTType = "US"
        item.add_new("LUTData", "OW", np.arange(1060, 1091, dtype="<u2").tobytes())
        d.ModalityLUTSequence = Sequence([item])
    each(s, change).write(out)


@recipe(error="LUTData has 9 numbers, LUTDescriptor says")
def modality_lookup_table_without_its_end(name, out):
    looked_up(Slices(name), data=lambda t: ("OW", t[:9].astype("<u2").tobytes())).write(out)


@recipe(error="LUTDescriptor asks for entries of 40 bits")
def modality_lookup_table_of_40_bits(name, out):
    looked_up(Slices(name), bits=40).write(out)


@recipe(error="more than 8 bits")
def modality_lookup_table_of_entries_too_large(name, out):
    looked_up(Slices(name), bits=8).write(out)


@recipe(error="LUTDescriptor has no three numbers")
def modality_lookup_table_without_descriptor(name, out):
    s = looked_up(Slices(name))
    each(s, lambda n, d: d.ModalityLUTSequence[0].__delattr__("LUTDescriptor")).write(out)


@recipe(error="both a ModalityLUTSequence and a rescale")
def modality_lookup_table_and_rescale(name, out):
    s = looked_up(Slices(name))

    def change(n, d):
        d.RescaleSlope, d.RescaleIntercept = 2, 5
    each(s, change).write(out)


@recipe(error="decoded")
def damaged_jpeg(name, out):
    Slices(name).write(out)
    convert(out, ["dcmcjpeg", "+el"])
    for file in out.iterdir():
        data = bytearray(file.read_bytes())
        start = data.index(b"\xff\xd8\xff")
        data[start + 20:start + 60] = b"\0" * 40
        file.write_bytes(data)


@recipe(volumes=[], codes=["unsupported-codec"])
def a_compression_nobody_knows(name, out):
    s = Slices(name).write(out)
    for file in s.iterdir():
        data = file.read_bytes()
        file.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0", 1))


# ---- geometry ----

@recipe()
def file_names_in_any_order(name, out):
    s = Slices(name)
    s.files = [s.files[n] for n in (3, 0, 6, 2, 5, 1, 4)]
    s.write(out)


@recipe()
def instance_numbers_that_lie(name, out):
    each(Slices(name), lambda n, d: setattr(d, "InstanceNumber", (5 * n) % 7)).write(out)


@recipe()
def no_instance_numbers(name, out):
    each(Slices(name), lambda n, d: d.__delattr__("InstanceNumber")).write(out)


@recipe()
def oblique(name, out):
    Slices(name, rotation(0.3, -0.2)).write(out)


@recipe()
def coronal_plane(name, out):
    Slices(name, np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)).write(out)


@recipe()
def rows_from_feet_to_head_and_columns_from_left(name, out):
    Slices(name, np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]], float)).write(out)


@recipe()
def slices_against_the_normal(name, out):
    Slices(name, step=(0, 0, -2.5)).write(out)


@recipe(codes=["gantry-tilt"])
def gantry_tilt(name, out):
    Slices(name, rotation(0, 0.3), step=(0, 0, 2.5)).write(out)


@recipe(codes=["gantry-tilt"])
def gantry_tilt_with_segments(name, out):
    """With a SEG of what exceeds -250, each frame in the plane of its slice."""
    s = Slices(name, rotation(0, 0.3), step=(0, 0, 2.5))
    s.write(out)
    first = s.files[0]
    d = Dataset()
    d.file_meta = FileMetaDataset()
    for key in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID", "Rows", "Columns"):
        setattr(d, key, first[key].value)
    d.SOPClassUID, d.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", uid(name + " seg")
    d.SeriesInstanceUID, d.Modality, d.SegmentationType = uid("seg series " + name), "SEG", "BINARY"
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, "MONOCHROME2", 0
    d.BitsAllocated = d.BitsStored = 1
    d.HighBit = 0
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel = 1, "above"
    d.SegmentSequence = Sequence([segment])
    measures, turn = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, 2.5
    turn.ImageOrientationPatient = first.ImageOrientationPatient
    shared = Dataset()
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([turn])
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    frames, masks = [], []
    for f in s.files:
        frame, plane, identity = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = f.ImagePositionPatient
        identity.ReferencedSegmentNumber = 1
        frame.PlanePositionSequence, frame.SegmentIdentificationSequence = Sequence([plane]), Sequence([identity])
        frames.append(frame)
        masks.append(s.values(f) > -250)
    d.PerFrameFunctionalGroupsSequence, d.NumberOfFrames = Sequence(frames), len(frames)
    reference, instance = Dataset(), []
    for f in s.files:
        i = Dataset()
        i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID = f.SOPClassUID, f.SOPInstanceUID
        instance.append(i)
    reference.SeriesInstanceUID, reference.ReferencedInstanceSequence = first.SeriesInstanceUID, Sequence(instance)
    d.ReferencedSeriesSequence = Sequence([reference])
    data = np.packbits(np.array(masks).ravel(), bitorder="little").tobytes()
    d.PixelData = data + b"\0" * (len(data) % 2)
    d["PixelData"].VR = "OB"
    write(out / "seg.dcm", d)


@recipe(codes=["gantry-tilt"])
def gantry_tilt_the_other_way(name, out):
    Slices(name, rotation(0, -0.2), step=(0, 0, -2.5)).write(out)


@recipe(codes=["missing-slice"])
def one_slice_missing(name, out):
    s = Slices(name)
    del s.files[3]
    s.write(out)


@recipe(volumes=[13], codes=["missing-slice"])
def several_slices_missing(name, out):
    s = Slices(name, count=13)
    s.files = [f for n, f in enumerate(s.files) if n not in (4, 5, 9)]
    s.write(out)


@recipe(volumes=[9], codes=["uneven-spacing"])
def uneven_spacing(name, out):
    s = Slices(name)
    for d, z in zip(s.files, (0, 2.5, 5.0, 8.2, 11.5, 15.0, 18.5)):
        s.place(d, ORIGIN + (0, 0, z))
    s.write(out)


RECIPES[-1][2]["volumes"] = [7]


@recipe(codes=["uneven-spacing"])
def positions_rounded_to_a_tenth(name, out):
    s = Slices(name)
    for n, d in enumerate(s.files):
        s.place(d, ORIGIN + (0, 0, round(n * 2.48, 1)))
    s.write(out)


RECIPES[-1][2]["tolerance"] = 1


@recipe(volumes=[], codes=["shifted-slices"])
def a_slice_shifted_sideways(name, out):
    s = Slices(name)
    s.place(s.files[3], ORIGIN + (2, 0, 7.5))
    s.write(out)


@recipe(volumes=[], codes=["no-position"])
def no_position(name, out):
    each(Slices(name), lambda n, d: d.__delattr__("ImagePositionPatient")).write(out)


@recipe(volumes=[], codes=["no-position"])
def orientation_not_at_right_angles(name, out):
    each(Slices(name), lambda n, d: setattr(d, "ImageOrientationPatient", [1, 0, 0, 1, 0, 0])).write(out)


@recipe(volumes=[], codes=["no-pixel-spacing"])
def no_pixel_spacing(name, out):
    each(Slices(name), lambda n, d: d.__delattr__("PixelSpacing")).write(out)


@recipe(volumes=[], codes=["no-pixel-spacing"])
def pixel_spacing_of_zero(name, out):
    each(Slices(name), lambda n, d: setattr(d, "PixelSpacing", [0, 0])).write(out)


@recipe(volumes=[], codes=["no-pixel-spacing"])
def imager_spacing_alone(name, out):
    def change(n, d):
        d.ImagerPixelSpacing = d.PixelSpacing
        del d.PixelSpacing
    each(Slices(name), change).write(out)


@recipe(volumes=[1], codes=["single-slice"])
def a_single_slice(name, out):
    Slices(name, count=1).write(out)


# ---- several things in one series ----

@recipe(codes=["duplicate-file"])
def a_file_twice(name, out):
    s = Slices(name).write(out)
    shutil.copy(out / "02.dcm", out / "copy of 02.dcm")


@recipe(codes=["duplicate-file"])
def a_damaged_copy_before_a_whole_file(name, out):
    Slices(name).write(out / "whole")
    (out / "a").mkdir()
    whole = (out / "whole" / "03.dcm").read_bytes()
    (out / "a" / "copy.dcm").write_bytes(whole[:-200])


@recipe(volumes=[], codes=["duplicate-slice"])
def two_instances_at_one_place(name, out):
    s = Slices(name)
    s.files.append(s.slice(99, ORIGIN + (0, 0, 5.0)))
    s.write(out)


@recipe(codes=["scout", "split"])
def a_scout_in_the_series(name, out):
    s = Slices(name)
    scout = s.slice(50, ORIGIN)
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    s.place(scout, ORIGIN, np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float), (20, 11))
    s.files.insert(0, scout)
    s.write(out)


@recipe(codes=["report-page", "split"])
def a_colour_page_in_the_series(name, out):
    s = Slices(name)
    page = s.slice(50, ORIGIN)
    page.SOPClassUID = CAPTURE
    for key in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        del page[key]
    page.Rows, page.Columns, page.SamplesPerPixel, page.PlanarConfiguration = 30, 40, 3, 0
    page.PhotometricInterpretation, page.BitsAllocated, page.BitsStored, page.HighBit = "RGB", 8, 8, 7
    page.PixelData = b"\x80" * 3600
    page["PixelData"].VR = "OB"
    s.files.append(page)
    s.write(out)


@recipe(codes=["report-page", "split"])
def a_grey_page_without_a_place(name, out):
    s = Slices(name)
    page = s.slice(50, ORIGIN)
    page.SOPClassUID = CAPTURE
    del page.ImagePositionPatient, page.ImageOrientationPatient
    s.files.append(page)
    s.write(out)


@recipe(volumes=[4, 7], codes=["split"])
def two_orientations_in_one_series(name, out):
    s = Slices(name)
    turned = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
    for k in range(4):
        d = s.slice(20 + k, ORIGIN)
        s.place(d, ORIGIN + k * turned[:, 2] * SPACING[2], turned)
        s.files.append(d)
    s.write(out)


@recipe(volumes=[5, 7], codes=["split"])
def two_sizes_in_one_series(name, out):
    s = Slices(name)
    for k in range(5):
        d = s.slice(20 + k, ORIGIN)
        s.place(d, ORIGIN + (0, 0, 100 + k * SPACING[2]), shape=(12, 14))
        s.files.append(d)
    s.write(out)


def again(s, count, mark):
    """The series `count` times over at the same places, told apart by `mark(time, data set)`."""
    files = []
    for time in range(count):
        for k in range(SLICES):
            d = s.slice(100 * time + k, ORIGIN + (0, 0, k * SPACING[2]), s.files[0].Modality)
            d.SOPInstanceUID = uid(f"{s.name} {time} {k}")
            mark(time, d)
            files.append(d)
    s.files = files
    return s


@recipe(volumes=[7, 7], codes=["split"])
def two_echoes(name, out):
    again(Slices(name, modality="MR"), 2, lambda t, d: setattr(d, "EchoTime", (4.6, 9.2)[t])).write(out)


@recipe(volumes=[7, 7, 7, 7], codes=["split"])
def diffusion_by_b_value_and_direction(name, out):
    def mark(t, d):
        d.DiffusionBValue = 0.0 if t == 0 else 1000.0
        if t > 0:
            d.DiffusionGradientOrientation = list(np.eye(3)[t - 1])
    again(Slices(name, modality="MR"), 4, mark).write(out)


@recipe(volumes=[7, 7, 7], codes=["split"])
def three_temporal_positions(name, out):
    again(Slices(name), 3, lambda t, d: setattr(d, "TemporalPositionIdentifier", t + 1)).write(out)


@recipe(volumes=[7, 7], codes=["split"])
def magnitude_and_phase(name, out):
    again(Slices(name, modality="MR"), 2,
          lambda t, d: setattr(d, "ImageType", ["ORIGINAL", "PRIMARY", "MP"[t]])).write(out)


@recipe(volumes=[7, 7], codes=["split"])
def two_acquisitions_and_times_of_their_own(name, out):
    def mark(t, d):
        d.AcquisitionNumber = t + 1
        d.AcquisitionTime = f"12{t:02}{int(float(d.ImagePositionPatient[2]) + 77):02}"
    again(Slices(name), 2, mark).write(out)


@recipe(volumes=[], codes=["duplicate-slice"])
def two_phases_that_nothing_tells_apart(name, out):
    again(Slices(name), 2, lambda t, d: None).write(out)


@recipe(volumes=[7, 7])
def two_series_in_one_folder(name, out):
    Slices(name + " a").write(out / "a")
    for file in Slices(name + " b", rotation(0.1, 0.1)).write(out / "b").iterdir():
        shutil.move(file, out / "a" / ("b" + file.name))


# ---- several frames in one file ----

def enhanced(s, order=None, rescale=None):
    """The slices of `s` as one Enhanced CT or MR file."""
    d = Dataset()
    first = s.files[0]
    for element in first:
        if element.keyword not in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness",
                                   "RescaleSlope", "RescaleIntercept", "PixelData"):
            d.add(element)
    d.file_meta = FileMetaDataset()
    d.SOPClassUID = ENHANCED_CT if first.Modality == "CT" else ENHANCED_MR
    d.SOPInstanceUID = uid(s.name + " enhanced")

    def item(**values):
        i = Dataset()
        for key, value in values.items():
            setattr(i, key, value)
        return i

    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([item(PixelSpacing=first.PixelSpacing, SliceThickness=2.5)])
    shared.PlaneOrientationSequence = Sequence([item(ImageOrientationPatient=first.ImageOrientationPatient)])
    files = [s.files[n] for n in order] if order else s.files
    frames, data = [], b""
    for n, f in enumerate(files):
        if rescale:
            s.pixels(f, s.values(f), *rescale(n), 16, 16)
        frame = Dataset()
        frame.PlanePositionSequence = Sequence([item(ImagePositionPatient=f.ImagePositionPatient)])
        content = item(InStackPositionNumber=n + 1, StackID="1")
        if "TemporalPositionIdentifier" in f:
            content.TemporalPositionIndex = int(f.TemporalPositionIdentifier)
        frame.FrameContentSequence = Sequence([content])
        if "EchoTime" in f:
            frame.MREchoSequence = Sequence([item(EffectiveEchoTime=float(f.EchoTime))])
        frame.PixelValueTransformationSequence = Sequence(
            [item(RescaleSlope=f.RescaleSlope, RescaleIntercept=f.RescaleIntercept, RescaleType="HU")])
        frames.append(frame)
        data += f.PixelData[:ROWS * COLUMNS * 2]
    for key in ("BitsStored", "HighBit"):
        setattr(d, key, getattr(files[0], key))
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    d.PerFrameFunctionalGroupsSequence = Sequence(frames)
    d.NumberOfFrames = len(frames)
    d.PixelData = data + b"\0" * (len(data) % 2)
    d["PixelData"].VR = "OW"
    s.files = [d]
    return s


@recipe()
def enhanced_ct(name, out):
    enhanced(Slices(name, rotation(0.3, -0.2))).write(out)


@recipe(codes=["no-decay-correction"])
def enhanced_pet_without_decay_correction(name, out):
    s = enhanced(Slices(name))
    s.files[0].Modality, s.files[0].SOPClassUID = "PT", "1.2.840.10008.5.1.4.1.1.130"
    s.files[0].DecayCorrected = "NO"
    s.write(out)


@recipe()
def enhanced_ct_with_frames_in_any_order(name, out):
    enhanced(Slices(name), (3, 0, 6, 2, 5, 1, 4)).write(out)


@recipe(tolerance=0.9)
def enhanced_ct_with_a_rescale_for_each_frame(name, out):
    enhanced(Slices(name), rescale=lambda n: (0.25 * (n + 1), -1000 - n)).write(out)


@recipe(codes=["gantry-tilt"])
def enhanced_ct_under_a_tilted_gantry(name, out):
    enhanced(Slices(name, rotation(0, 0.3), step=(0, 0, 2.5))).write(out)


@recipe()
def enhanced_ct_big_endian(name, out):
    enhanced(Slices(name)).write(out, BIG)


@recipe()
def enhanced_ct_rle(name, out):
    enhanced(Slices(name)).write(out)
    convert(out, ["dcmcrle"])


@recipe()
def enhanced_ct_jpeg_lossless(name, out):
    enhanced(Slices(name)).write(out)
    convert(out, ["dcmcjpeg", "+e1"])


@recipe()
def enhanced_ct_jpeg_2000(name, out):
    enhanced(Slices(name)).write(out)
    convert(out, ["gdcmconv", "--j2k"])


@recipe(error="another size than the header says")
def jpeg_2000_larger_than_its_header(name, out):
    Slices(name).write(out)
    convert(out, ["gdcmconv", "--j2k"])
    for file in out.iterdir():
        d = pydicom.dcmread(file)
        d.Rows, d.Columns = 4, 4
        d.save_as(file)


@recipe(error="another size than the header says")
def jpeg_2000_deeper_than_its_header(name, out):
    Slices(name).write(out)
    convert(out, ["gdcmconv", "--j2k"])
    for file in out.iterdir():
        d = pydicom.dcmread(file)
        d.BitsAllocated, d.BitsStored, d.HighBit = 8, 8, 7
        d.save_as(file)


@recipe(volumes=[7, 7], codes=["split"])
def enhanced_mr_of_two_echoes(name, out):
    enhanced(again(Slices(name, modality="MR"), 2, lambda t, d: setattr(d, "EchoTime", (4.6, 9.2)[t]))).write(out)


@recipe(volumes=[7, 7, 7], codes=["split"])
def enhanced_ct_of_three_times(name, out):
    enhanced(again(Slices(name), 3, lambda t, d: setattr(d, "TemporalPositionIdentifier", t + 1))).write(out)


@recipe()
def two_enhanced_files_whose_frames_alternate(name, out):
    for part in (range(0, SLICES, 2), range(1, SLICES, 2)):
        s = Slices(name)
        s.files = [s.files[k] for k in part]
        enhanced(s).files[0].SOPInstanceUID = uid(f"{name} {part}")
        s.write(out / str(part[0]))


@recipe()
def two_enhanced_jpeg_2000_files_whose_frames_alternate(name, out):
    two_enhanced_files_whose_frames_alternate(name, out)
    for folder in list(out.iterdir()):
        convert(folder, ["gdcmconv", "--j2k"])


@recipe(volumes=[], codes=["no-position", "no-pixel-spacing"])
def frames_without_a_place(name, out):
    s = enhanced(Slices(name))
    del s.files[0].PerFrameFunctionalGroupsSequence, s.files[0].SharedFunctionalGroupsSequence
    s.files[0].SOPClassUID = CAPTURE
    s.write(out)


@recipe(volumes=[], codes=["truncated"])
def enhanced_ct_cut_off(name, out):
    enhanced(Slices(name)).write(out)
    file = out / "00.dcm"
    file.write_bytes(file.read_bytes()[:-300])


@recipe(volumes=[], codes=["no-position"])
def frames_with_one_place_for_all(name, out):
    s = enhanced(Slices(name))
    del s.files[0].PerFrameFunctionalGroupsSequence, s.files[0].SharedFunctionalGroupsSequence
    first = s.slice(0, ORIGIN)
    for key in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        setattr(s.files[0], key, first[key].value)
    s.write(out)


# ---- what cannot be ----

@recipe(volumes=[], codes=["missing-slice", "mostly-missing"])
def a_slice_a_hundred_metres_away(name, out):
    s = Slices(name, count=3)
    s.files[2].ImagePositionPatient = ["-12.5", "31", "90000"]
    s.write(out)


@recipe(volumes=[], codes=["shifted-slices"])
def two_slices_beside_each_other(name, out):
    s = Slices(name, count=2)
    s.place(s.files[1], ORIGIN + (150, 0, 2.5))
    s.write(out)


@recipe(codes=["report-page", "split", "missing-slice"])
def a_position_beyond_everything(name, out):
    s = Slices(name)
    s.files[3].ImagePositionPatient = ["0", "0", "1.7e308"]
    s.write(out)


@recipe(volumes=[], codes=["duplicate-slice"])
def copies_a_hair_apart(name, out):
    s = Slices(name, count=20)
    for k in range(20):
        s.files.append(s.slice(100 + k, ORIGIN + (0, 0, k * 2.5 + 0.02)))
    s.write(out)


@recipe(volumes=[7, 7], codes=["split"])
def two_frames_of_reference_in_one_series(name, out):
    s = Slices(name)
    for k in range(7):
        d = s.slice(50 + k, ORIGIN + (0, 0, 100 + k * 2.5))
        d.FrameOfReferenceUID = uid("another frame")
        s.files.append(d)
    s.write(out)


@recipe()
def padding_that_no_pixel_can_hold(name, out):
    # Its low twelve bits are a value that pixels have.
    each(Slices(name), lambda n, d: d.add_new("PixelPaddingValue", "US", 61440 + 740)).write(out)


@recipe(padding=-1024)
def padding_value_in_jpeg_2000(name, out):
    padding_value_unsigned(name, out)
    convert(out, ["gdcmconv", "--j2k"])


# ---- what lies beside ----

@recipe(codes=["unknown-kind"])
def text_and_empty_files_beside(name, out):
    Slices(name).write(out)
    (out / "notes.txt").write_text("not an image")
    (out / "empty.dcm").write_bytes(b"")


@recipe()
def rubbish_behind_the_pixels(name, out):
    Slices(name).write(out)
    for file in out.iterdir():
        file.write_bytes(file.read_bytes() + b"\x7f\x7f")


@recipe(codes=["private-elements"])
def private_tags_and_odd_text(name, out):
    def change(n, d):
        block = d.private_block(0x0029, "ODD MAKER", create=True)
        block.add_new(1, "OB", bytes(range(256)) * 20)
        d.add_new("SeriesDescription", "LO", "Stra\udcdfe".encode("utf-8", "surrogateescape").decode("latin-1"))
    each(Slices(name), change).write(out)


@recipe(codes=["private-elements"])
def private_elements_deep_in_a_sequence(name, out):
    def change(n, d):
        inner, outer = Dataset(), Dataset()
        inner.private_block(0x0011, "SOMEBODY", create=True).add_new(1, "LO", "kept here")
        outer.PurposeOfReferenceCodeSequence = [inner]
        if n == 3:
            d.ReferencedImageSequence = [outer]
    each(Slices(name), change).write(out)


@recipe(codes=["burned-in"])
def annotations_burned_in(name, out):
    def change(n, d):
        d.BurnedInAnnotation = "YES" if n == 2 else "NO"
    each(Slices(name), change).write(out, IMPLICIT)


@recipe()
def folders_below_folders(name, out):
    Slices(name).write(out / "a" / "b" / "c d")


@recipe()
def names_without_a_suffix(name, out):
    Slices(name).write(out)
    for n, file in enumerate(sorted(out.iterdir())):
        file.rename(out / f"IM{n}")


@recipe(volumes=[5, 7, 7], codes=["no-series-uid"])
def no_series_uid(name, out):
    """A folder's files are one series by description and size."""
    parts = [Slices(name), Slices(name, count=5), Slices(name)]
    for p, s in enumerate(parts):
        for d in s.files:
            del d.SeriesInstanceUID
            d.SeriesDescription = f"part {min(p, 1)}"
        s.write(out / "ab"[p // 2] / str(p))
    for file in (out / "a" / "1").iterdir():
        shutil.move(file, out / "a" / "0" / ("b" + file.name))


@recipe(volumes=[7, 7], codes=["no-series-uid"])
def empty_series_uid(name, out):
    s = Slices(name)
    for d in s.files:
        d.SeriesInstanceUID = ""
        d.SeriesDescription = "one"
    other = Slices(name + " b", rotation(0.3, -0.2))
    for d in other.files:
        d.SeriesInstanceUID, d.StudyInstanceUID = "", s.files[0].StudyInstanceUID
        d.SeriesDescription = "one"
    s.files += other.files
    s.write(out)


@recipe(codes=["no-instance-uid"])
def no_instance_uid(name, out):
    each(Slices(name), lambda n, d: d.__delattr__("SOPInstanceUID")).write(out)


@recipe(codes=["no-instance-uid"])
def empty_instance_uid(name, out):
    each(Slices(name), lambda n, d: setattr(d, "SOPInstanceUID", "")).write(out)


@recipe(codes=["repeated-instance-uid"])
def one_instance_uid_for_all(name, out):
    each(Slices(name), lambda n, d: setattr(d, "SOPInstanceUID", uid(name))).write(out)


# ---- who it is ----

def two_people(name, out, change):
    again(Slices(name), 2, change).write(out)


@recipe(volumes=[7, 7], codes=["mixed-patients"])
def two_patients_in_one_series(name, out):
    two_people(name, out, lambda t, d: setattr(d, "PatientID", f"P{t}"))


@recipe(volumes=[7, 7], codes=["mixed-patients"])
def two_studies_in_one_series(name, out):
    two_people(name, out, lambda t, d: setattr(d, "StudyInstanceUID", uid(f"{name} study {t}")))


@recipe(volumes=[7, 7], codes=["mixed-patients"])
def two_birth_dates_in_one_series(name, out):
    two_people(name, out, lambda t, d: setattr(d, "PatientBirthDate", f"196{t}0101"))


@recipe(volumes=[3, 4], codes=["mixed-patients"])
def a_series_of_one_patient_and_then_another(name, out):
    each(Slices(name), lambda n, d: setattr(d, "PatientID", f"P{n // 4}")).write(out)


@recipe(codes=["patient-per-file"])
def a_patient_for_each_file(name, out):
    each(Slices(name), lambda n, d: setattr(d, "PatientID", f"anonymous {n}")).write(out)


def changed_copies(name, out, folder, files=range(SLICES)):
    s = Slices(name).write(out / "a")
    other = Slices(name)
    other.files = [other.files[n] for n in files]
    for d in other.files:
        other.pixels(d, other.values(d) + 1)
    other.write(out / "b")
    if folder == "a":
        for file in (out / "b").iterdir():
            shutil.move(file, out / "a" / ("copy " + file.name))


@recipe(volumes=[7, 7], codes=["different-copies"], tolerance=1)
def copies_with_other_pixels_in_another_folder(name, out):
    changed_copies(name, out, "b")


@recipe(volumes=[], codes=["different-copies", "duplicate-file"])
def a_copy_with_other_pixels_beside(name, out):
    changed_copies(name, out, "a", [3])


@recipe(codes=["duplicate-file"])
def copies_of_the_same_pixels_compressed(name, out):
    Slices(name).write(out / "a")
    Slices(name).write(out / "b")
    convert(out / "b", ["dcmcrle"])


# ---- numbers with a comma ----

def replaced(folder, *changes):
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        for old, new in changes:
            assert len(old) == len(new) and old in data, old
            data = data.replace(old, new, 1)
        file.write_bytes(data)


@recipe(codes=["decimal-comma"])
def decimal_commas_in_the_spacing(name, out):
    replaced(Slices(name).write(out), (b"0.75\\1.25", b"0,75\\1,25"))


@recipe(codes=["decimal-comma"])
def decimal_commas_in_positions(name, out):
    replaced(Slices(name).write(out), (b"-12.5\\", b"-12,5\\"))


@recipe(codes=["decimal-comma"])
def decimal_commas_in_the_rescale(name, out):
    s = Slices(name)
    each(s, lambda n, d: s.pixels(d, s.values(d), 0.5, -1000.5, 16, 16)).write(out)
    replaced(out, (b"-1000.5 ", b"-1000,5 "), (b"0.5 ", b"0,5 "))


RECIPES[-1][2]["tolerance"] = 0.3


@recipe(volumes=[], codes=["no-pixel-spacing"])
def a_spacing_with_two_commas(name, out):
    replaced(Slices(name).write(out), (b"0.75\\1.25", b"0,7,\\1.25"))


@recipe(volumes=[], codes=["truncated"])
def a_number_of_frames_with_a_comma(name, out):
    each(Slices(name), lambda n, d: d.add_new("NumberOfFrames", "LO", "1,5 ")).write(out)
    replaced(out, (b"\x28\0\x08\0LO", b"\x28\0\x08\0IS"))


# ---- mosaics ----

def csa(values, first=False):
    """Siemens' private header as nibabel's documentation describes it: of its second version, or of its first."""
    def padded(text, size):
        return text.encode().ljust(size, b"\0")
    head = b"" if first else b"SV10\4\3\2\1"
    out = head + len(values).to_bytes(4, "little") + (77).to_bytes(4, "little")
    places = 6
    for key, kind, items in values:
        out += padded(key, 64) + len(items).to_bytes(4, "little") + padded(kind, 4) + (0).to_bytes(4, "little")
        out += places.to_bytes(4, "little") + (77).to_bytes(4, "little")
        for n in range(places):
            item = padded(items[n], len(items[n]) + 1) if n < len(items) else b""
            length = len(item).to_bytes(4, "little")
            # In the first version lengths are counted from the number of places of the first element on.
            out += ((len(item) + places).to_bytes(4, "little") if first else length) + length
            out += (77).to_bytes(4, "little") + length + item + bytes(-len(item) % 4)
    return out + bytes(4)


def mosaic(s, number=0, step=1, first=False, header=True):
    """The slices of `s` as tiles of one picture; its position is that of a slice of the picture's size."""
    tiles = int(np.ceil(np.sqrt(len(s.files))))
    d = s.slice(1000 + number, ORIGIN, "MR")
    d.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    d.AcquisitionNumber, d.SpacingBetweenSlices, d.SliceThickness = number + 1, SPACING[2], 2
    picture = np.zeros((ROWS * tiles, COLUMNS * tiles), int)
    for n, f in enumerate(s.files):
        picture[n // tiles * ROWS:(n // tiles + 1) * ROWS, n % tiles * COLUMNS:(n % tiles + 1) * COLUMNS] = s.values(f)
    d.Rows, d.Columns = picture.shape
    s.pixels(d, picture)
    position = np.array([float(v) for v in s.files[0].ImagePositionPatient])
    position -= (s.axes[:, 0] * SPACING[0] * COLUMNS + s.axes[:, 1] * SPACING[1] * ROWS) * (tiles - 1) / 2
    d.ImagePositionPatient = [f"{v:.9g}" for v in position]
    if header:
        block = d.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        normal = [f"{v:.8f}" for v in step * s.axes[:, 2]]
        block.add_new(0x10, "OB", csa([("AcquisitionMatrixText", "SH", [f"{ROWS}*{COLUMNS}"]),
                                       ("NumberOfImagesInMosaic", "US", [str(len(s.files))]),
                                       ("SliceNormalVector", "FD", normal)], first))
    return d


@recipe(codes=["mosaic", "private-elements"])
def mosaic_oblique(name, out):
    s = Slices(name, rotation(0.3, -0.2), modality="MR")
    s.files = [mosaic(s)]
    s.write(out)


@recipe(codes=["mosaic", "private-elements"])
def mosaic_against_the_normal_by_the_first_version(name, out):
    axes = rotation(0.3, -0.2)
    s = Slices(name, axes, step=-axes[:, 2] * SPACING[2], modality="MR")
    s.files = [mosaic(s, step=-1, first=True)]
    s.write(out)
    convert(out, ["dcmcrle"])


@recipe(volumes=[7, 7, 7], codes=["mosaic", "private-elements", "split"])
def mosaics_in_time(name, out):
    s = Slices(name, modality="MR")
    s.files = [mosaic(s, n) for n in range(3)]
    s.write(out)


@recipe(volumes=[], codes=["mosaic"])
def mosaic_without_the_header_of_its_maker(name, out):
    s = Slices(name, modality="MR")
    s.files = [mosaic(s, header=False)]
    s.write(out)


@recipe(volumes=[], codes=["mosaic", "private-elements"])
def mosaic_with_a_damaged_header(name, out):
    s = Slices(name, modality="MR")
    s.files = [mosaic(s)]
    s.write(out)
    replaced(out, (b"SliceNormalVector", b"SliceNormal\xff\xff\xff\xff\xff\xff"))


@recipe()
def enhanced_mr_that_calls_itself_a_mosaic(name, out):
    s = enhanced(Slices(name, modality="MR"))
    s.files[0].ImageType = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]
    s.write(out)


# ---- cine ----

def cine(name):
    def mark(t, d):
        k = round((float(d.ImagePositionPatient[2]) - ORIGIN[2]) / SPACING[2])
        d.TriggerTime = f"{31.5 * t + 0.7 * k:.6g}"
    return again(Slices(name, modality="MR"), 4, mark)


@recipe(volumes=[7, 7, 7, 7], codes=["split", "by-order"])
def trigger_times_that_follow_each_slices_heartbeat(name, out):
    cine(name).write(out)


@recipe(volumes=[], codes=["duplicate-slice"])
def a_cine_slice_without_its_last_phase(name, out):
    s = cine(name)
    del s.files[-1]
    s.write(out)


# ---- slides ----

@recipe(volumes=[], codes=["unsupported-kind"])
def a_segmentation_of_a_slide(name, out):
    d = Slices(name, count=1).files[0]
    for key in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        del d[key]
    d.SOPClassUID, d.Modality, d.SegmentationType = "1.2.840.10008.5.1.4.1.1.66.4", "SEG", "BINARY"
    d.TotalPixelMatrixColumns, d.TotalPixelMatrixRows, d.ImageOrientationSlide = COLUMNS, ROWS, [0, -1, 0, -1, 0, 0]
    place, segment = Dataset(), Dataset()
    place.XOffsetInSlideCoordinateSystem, place.ColumnPositionInTotalImagePixelMatrix = 20, 1
    segment.SegmentNumber, segment.SegmentLabel = 1, "tumour"
    frame = Dataset()
    frame.PlanePositionSlideSequence = Sequence([place])
    d.SegmentSequence, d.PerFrameFunctionalGroupsSequence = Sequence([segment]), Sequence([frame])
    d.BitsAllocated = d.BitsStored = 1
    d.HighBit, d.NumberOfFrames = 0, 1
    out.mkdir(parents=True)
    write(out / "seg.dcm", d)


def main(out, only=None):
    out = Path(out)
    expected = {"ramp": RAMP, "recipes": {}}
    for name, make, truth in RECIPES:
        if only not in (None, name):
            continue
        try:
            make(name, out / name)
        except FileNotFoundError as tool:  # not installed
            print(f"{name}: {tool}")
            shutil.rmtree(out / name, ignore_errors=True)
            continue
        except subprocess.CalledProcessError as failed:
            sys.exit(f"{name}: {failed}\n{failed.stderr.decode(errors='replace')}")
        expected["recipes"][name] = truth
    (out / "expected.json").write_text(json.dumps(expected, indent=1))
    print(len(expected["recipes"]), "inputs")


if __name__ == "__main__":
    main(*sys.argv[1:])
