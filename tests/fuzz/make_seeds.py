#!/usr/bin/python3
"""Writes the seeds of the fuzzers beside this file, without this program's code: make_seeds.py. Inputs that once found a
fault lie among them as fault-*, and stay."""
import io
import json
import struct
import sys
import zlib
from pathlib import Path

import nibabel
import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from PIL import Image

here = Path(__file__).parent / "seeds"


def put(target, name, data):
    folder = here / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def dicom(syntax, preamble=True, deep=3, undefined=False):
    inner = Dataset()
    inner.CodeValue = "T-62000"
    for _ in range(deep):
        outer = Dataset()
        outer.ConceptNameCodeSequence = Sequence([inner])
        outer["ConceptNameCodeSequence"].is_undefined_length = undefined
        inner.is_undefined_length_sequence_item = undefined
        inner = outer
    inner.PatientName = "A^B"
    inner.SOPClassUID, inner.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    inner.add_new(0x00091010, "UN", b"\xfe\xff\x00\xe0\x04\x00\x00\x00abcd")
    inner.add_new(0x7FE00010, "OW", bytes(range(16)))
    inner.is_little_endian = not syntax.endswith("1.2.2")
    inner.is_implicit_VR = syntax.endswith("1.2")
    out = io.BytesIO()
    if preamble:
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = syntax
        inner.file_meta = meta
        inner.preamble = b"\0" * 128
        pydicom.dcmwrite(out, inner, write_like_original=True)
    else:
        fp = pydicom.filebase.DicomBytesIO()
        fp.is_little_endian, fp.is_implicit_VR = inner.is_little_endian, inner.is_implicit_VR
        pydicom.filewriter.write_dataset(fp, inner)
        return fp.getvalue()
    return out.getvalue()


def nesting():
    base = "1.2.840.10008.1.2"
    for name, syntax in {"implicit": "", "explicit": ".1", "big": ".2", "deflated": ".1.99"}.items():
        put("Nesting", name, dicom(base + syntax))
        put("Nesting", name + "-undefined", dicom(base + syntax, undefined=True))
    put("Nesting", "bare-implicit", dicom(base, preamble=False))
    put("Nesting", "bare-explicit", dicom(base + ".1", preamble=False))


def headers():
    d = Dataset()
    d.SpecificCharacterSet, d.ImageType, d.Modality = "ISO_IR 100", ["ORIGINAL", "PRIMARY"], "CT"
    d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2", "1.3", "1.4"
    d.PatientName, d.PatientID, d.BodyPartExamined, d.SeriesDescription = "A^B", "p", "HEAD", "thin"
    d.StudyDate, d.AcquisitionTime, d.AcquisitionNumber, d.FrameOfReferenceUID = "20200101", "101010.5", 1, "1.5"
    d.ImagePositionPatient, d.ImageOrientationPatient = [-1.5, 2, 3], [1, 0, 0, 0, 1, 0]
    d.PixelSpacing, d.SliceThickness, d.EchoTime = [0.5, 0.25], 2, 4.5
    d.Rows = d.Columns = 2
    d.SamplesPerPixel, d.BitsAllocated, d.NumberOfFrames, d.PhotometricInterpretation = 1, 16, 1, "MONOCHROME2"
    item = Dataset()
    item.CodeValue = "T-62000"
    d.ProcedureCodeSequence = Sequence([item])
    d.add_new(0x00091010, "LO", "maker")
    for name, syntax in {"implicit": "", "explicit": ".1", "rle": ".5"}.items():
        d.PixelData = pydicom.encaps.encapsulate([bytes(8)]) if name == "rle" else bytes(8)
        d["PixelData"].VR = "OB" if name == "rle" else "OW"
        d["PixelData"].is_undefined_length = name == "rle"
        d["ProcedureCodeSequence"].is_undefined_length = name == "explicit"
        d.is_little_endian, d.is_implicit_VR = True, name == "implicit"
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2" + syntax
        d.preamble = b"\0" * 128
        out = io.BytesIO()
        pydicom.dcmwrite(out, d, write_like_original=True)
        put("QuickHeader", name, out.getvalue())


def npz():
    def save(array):
        out = io.BytesIO()
        numpy.save(out, array)
        return out.getvalue()

    grey, colour = numpy.arange(24, dtype="u1").reshape(2, 3, 4), numpy.arange(24, dtype="u1").reshape(2, 2, 2, 3)
    for name, pack in {"stored": numpy.savez, "packed": numpy.savez_compressed}.items():
        out = io.BytesIO()
        pack(out, train_images=grey, train_labels=numpy.array([[0], [2]]), test_images=grey, test_labels=[1, 0])
        put("Npz", name, out.getvalue())
    put("Npz", "grey", save(grey) + save(numpy.array([[1], [3]], "i2")))
    put("Npz", "colour", save(colour) + save(numpy.array([1, 0], "u8")))
    put("Npz", "several", save(grey) + save(numpy.array([[1, 0, 1], [0, 0, 1]], "u1")))
    put("Npz", "float", save(grey.astype("f4")))


def nifti2():
    image = nibabel.Nifti2Image(numpy.arange(24, dtype="i2").reshape(2, 3, 4), numpy.diag([1.0, 2, 3, 1]))
    plain = image.to_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    put("Nifti2", "plain", plain)
    put("Nifti2", "packed", packer.compress(plain) + packer.flush())
    voxels = numpy.arange(24, dtype="i2").reshape(2, 3, 4)
    put("Nifti2", "brain.mgh", nibabel.MGHImage(voxels, numpy.diag([1.0, 2, 3, 1])).to_bytes())
    analyze = nibabel.AnalyzeImage(voxels, None)
    analyze.update_header()
    put("Nifti2", "analyze.hdr", analyze.header.binaryblock)
    pair = nibabel.Nifti1Pair(voxels, numpy.diag([1.0, 2, 3, 1]))
    pair.update_header()
    put("Nifti2", "pair.hdr", pair.header.binaryblock)
    return plain


def contours():
    put("RtStructs", "square", "-4\\-4\\0\\4\\-4\\0\\4\\4\\0\\-4\\4\\0|-2\\-2\\0\\2\\-2\\0\\0\\2\\0")
    put("RtStructs", "planes", "|".join(f"-3 \\-3\\{z}.5\\+3\\-3e0\\{z}.5\\0.25\\3\\{z}.5 " for z in range(-6, 7, 4)))
    put("RtStructs", "corner", "6\\6\\7\\9\\6\\7\\9\\9\\7\\6\\9\\7|-9\\-10\\-9\\-6\\-10\\-9\\-6\\-6\\-9")
    put("RtStructs", "point", "1\\2\\3")
    put("RtStructs", "far", "1e6\\-1e6\\0\\1e6\\1e6\\0\\-1e6\\0\\0")


def names():
    put("LabelNames", "comma", "value,name\n1,liver\n2,\"spleen\"\n\n3,left kidney\n")
    put("LabelNames", "tab", "\ufeffLabel\tStructure\tcolour\r\n1\tliver\t#fff\r\n")
    put("LabelNames", "semicolon", "id;label_name\n65535;x\n0;background\n")
    head = ("NRRD0004\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 4\n"
            "space directions: (1,0,0) (0,1,0) (0,0,2)\nkinds: domain domain domain\nendian: little\n"
            "encoding: raw\nspace origin: (0,0,0)\n")
    segments = "Segment0_Name:=liver\nSegment0_LabelValue:=1\nSegment1_LabelValue:=2\nSegment1_Name:=spleen\n"
    put("LabelNames", "slicer", head + segments + "\n" + "\0" * 24)
    put("VolumeFile", "raw.nrrd", head.encode() + b"\n" + bytes(range(24)))
    put("VolumeFile", "packed.nrrd", head.replace("raw", "gzip").encode() + b"\n" + zlib.compress(bytes(24)))
    put("VolumeFile", "apart.nhdr", head + "data file: input.raw\n")
    layers = ("NRRD0004\ntype: uchar\ndimension: 4\nspace: left-posterior-superior\nsizes: 2 2 3 2\nspace directions: none "
              "(1,0,0) (0,1,0) (0,0,2)\nkinds: list domain domain domain\nencoding: raw\nspace origin: (0,0,0)\n"
              "Segment0_Name:=a\nSegment0_LabelValue:=1\nSegment1_Name:=b\nSegment1_LabelValue:=1\nSegment1_Layer:=1\n\n")
    put("VolumeFile", "layers.nrrd", layers.encode() + bytes([0, 1]) * 12)
    mha = ("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = {}\n"
           "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 2\nDimSize = 2 3 4\n"
           "ElementType = MET_UCHAR\n{}ElementDataFile = {}\n")
    packed = zlib.compress(bytes(24))
    put("VolumeFile", "raw.mha", mha.format("False", "", "LOCAL").encode() + bytes(range(24)))
    put("VolumeFile", "packed.mha", mha.format("True", f"CompressedDataSize = {len(packed)}\n", "LOCAL").encode() + packed)
    put("VolumeFile", "apart.mhd", mha.format("False", "", "input.raw"))
    first = nibabel.Nifti1Image(numpy.arange(24, dtype="u1").reshape(2, 3, 4), numpy.diag([1.0, 2, 3, 1]))
    put("VolumeFile", "one.nii", first.to_bytes())


def tables():
    put("PictureTable", "one", "filename,label\na.png,cat\nb.png,dog\nnone.png,dog\nc.txt,cat\n")
    put("PictureTable", "several", "Image Index;Finding Labels;patient;split;view\r\na;x|y;p1;train;AP\r\n"
        "x/../b.png;No;p1;test;PA\r\n\"b.png\";\"x\";p2;dev;AP\r\n/far/away/b;z;;fold3;AP\r\n")
    put("PictureTable", "utf16", "\ufeffsep=;\r\nfile;label;;\r\nx\\a.png;\"one\ntwo\";;\r\nb.png;\U0001fa7b;;\r\n"
        .encode("utf-16-le"))
    put("PictureTable", "open", "file,label\ra.png,\"cat\rb.png,dog\r")
    put("PictureTable", "blanks", "\ufeffpath\tedema\tmass\na.png\t1.0\tnan\nb.png\t0.0\t\na.png\t0\t1\n\n")


def pictures():
    def save(mode, name, kind="PNG", **options):
        image = Image.new("L", (7, 5))
        image.putdata([n * 7 % 256 for n in range(35)])
        out = io.BytesIO()
        image.convert(mode).save(out, kind, **options)
        put("Png", name, out.getvalue())

    for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "I"):
        save(mode, mode.lower())
    save("P", "palette-2", bits=2)
    for rows, name in enumerate(("gif", "gif-interlaced")):
        save("L", name, "GIF", interlace=rows)


def json_files():
    put("SafeTensors", "two", (lambda head: struct.pack("<Q", len(head)) + head + bytes(20))(
        json.dumps({"__metadata__": {"task": "0"}, "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
                    "b": {"dtype": "U8", "shape": [4], "data_offsets": [16, 20]}}).encode()))
    put("SafeTensors", "empty", struct.pack("<Q", 2) + b"{}")
    plan = {"name": "a", "seed": 3, "data": {"sources": {"ct": {"path": "data/ct", "accept": ["missing-slice"]}},
            "patch": [16, 24, 32], "clip": [-500, 1000], "split": {"validation": 0.2, "test": 0.2}},
            "tasks": {"liver": {"rank": 8, "sources": ["ct"], "classes": {"liver": {}, "spleen": {"labels": ["Milz"]}}},
                      "Brain 2": {"classes": {"brain": {"color": "#0072B2"}}, "layers": {"a.b": {"rank": 2}}}},
            "training": {"learning_rate": 3e-4, "batch": 4}, "method": "lorkd"}
    put("Plan", "two-tasks", json.dumps(plan))
    put("Plan", "set", json.dumps(plan, indent=1) + "\n--set tasks.liver.rank=2\n--set training.batch=9"
        "\n--set tasks.liver.layers.\"backbone.encoder.0.conv1\".rank=4\n--set name=\"b\"")
    put("Plan", "smallest", '{"tasks": {"t": {"classes": {"c": {}}}}}')
    put("Plan", "no-tasks", '{"data":{"inputs":{"T1":{}},"channels":"rgb"},"tasks":{}}')
    put("EventLog", "run", "".join(json.dumps(event) + "\n" for event in [
        {"t": 1.5, "kind": "step", "step": 99, "losses": {"a": {"dice": 0.5}}},
        {"t": 2, "kind": "validation", "step": 101, "best": True, "mean": None}, {"kind": "log", "step": 100},
        {"kind": "done"}]) + '{"t": 3, "kind": "st')
    case = {"id": "c", "patient": "p", "source": "s", "kind": "dicom", "modality": "CT", "body_part": "HEAD",
            "image_files": ["/a/1.dcm", "bytes:2f61ff"], "label_files": ["/a/2.dcm"], "slices": [[0, 0], [1, 0]],
            "origins": [[0, 0, 0], [0, 0, 2]], "consent": ["missing-slice"], "resampled": [0], "label_names": "",
            "labels": ["liver"], "geometry": {"size": [4, 4, 2], "spacing": [1, 1, 2], "origin": [0, 0, 0],
                                              "direction": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}}
    put("CaseList", "one", json.dumps({"version": 1, "cases": [{"split": "train", "tasks": [0], "digest": "", "case": case}],
                                       "seed": 4, "learnt": ["q"]}))
    put("RunDirectory", "status", json.dumps({"state": "running", "phase": "training", "step": 5, "steps": 9,
        "seconds_left": 3.5, "pid": 1, "host": "h", "heartbeat": 1.5, "message": "", "started": 4}))
    put("RunDirectory", "control", json.dumps({"commands": [{"number": 1, "command": "pause"},
                                                             {"number": 2, "command": "resume"}]}))
    put("PreparedIndex", "volume", json.dumps([
        {"file": "v", "case": "case-1", "split": "train", "tasks": [0], "scored": [0, 1]}]))
    put("PreparedIndex", "pictures", json.dumps({"tasks": ["shape"], "cases": [
        {"file": "p", "case": "pictures", "split": "test", "tasks": ["shape"], "kind": "picture"}]}))
    put("Manifest", "expert", json.dumps({"task": "liver", "kind": "segmentation", "classes": ["liver"], "colors": ["#fff"],
        "backbone": "unet 3 levels", "input": "N C D H W", "output": "logits", "channels": 1,
        "rank": 4, "scale": 2.5, "parameters": 1000, "spacing": [1, 1, 2], "patch": [16, 16, 16], "threshold": 0.5,
        "normalisation": {}, "plan_digest": "a", "checkpoint_digest": "b", "parity": 1e-6, "files": {"x": "y"}}))


def patterns():
    put("PathPattern", "parts", "{patient}/{channel}.nii.gz\nP1/t1.nii.gz")
    put("PathPattern", "repeated",
        "{site:**}/images/{case}/{case}_{label:liver|spleen}.nii\na/b/images/x_y/x_y_liver.nii")
    put("PathPattern", "folders", "**/subset*/{a:[0-9]{2,3}}_*.mhd\nq/subset1/123_4.mhd")
    put("PathPattern", "groups", "^(?<who>sub-[^_]+)_(?:ses-(\\d+)|run)+?$\nsub-01_ses-2")
    put("PathPattern", "alternatives", "(a|aa)*[^b-d\\w].\\s\naaaaaaaaaaaaaaaa")


def siemens():
    sys.path.insert(0, str(here.parents[1] / "support"))
    from odd_inputs import csa
    values = [("EchoLinePosition", "IS", ["64"]), ("NumberOfImagesInMosaic", "US", ["36"]),
              ("SliceNormalVector", "FD", ["0.00000000", "-0.19866933", "0.98006658"]), ("Nothing", "UN", [])]
    for version in (1, 2):
        put("CsaHeader", f"version-{version}", csa(values, version == 1))


def models():
    import collections
    import pickle
    import zipfile

    import torch

    state = collections.OrderedDict(a=torch.arange(6.0).reshape(2, 3).t(), b=torch.nn.Parameter(torch.ones(2)))
    state["half"], state["count"] = torch.ones(3).half(), torch.tensor(4)
    whole = {"state_dict": state, "epoch": 3, "best": numpy.float64(0.5), "size": torch.Size([1, 2]), "none": None,
             "device": torch.device("cuda", 0), "tuple": (1, 2.5, True, b"x", {3}), "big": 2 ** 70}
    for name, value, zipped in (("zip", whole, True), ("legacy", whole, False), ("bare", {"module.a": torch.ones(1)}, False),
                                ("several", {"model": {"a": torch.ones(1)}, "net": {"a": torch.ones(1)}}, False),
                                ("module", torch.nn.Sequential(torch.nn.BatchNorm1d(1)), False)):
        out = io.BytesIO()
        torch.save(value, out, _use_new_zipfile_serialization=zipped)
        put("Weights", name, out.getvalue())
    for protocol in (2, 4, 5):
        put("Weights", f"protocol-{protocol}", pickle.dumps(
            {"d": collections.OrderedDict(a=[1, "x"]), "n": numpy.float32(1), "s": {1}, "c": 1j, "t": (1,), "b": b"y"}, protocol))
    put("Weights", "commands", b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.")
    tensors = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    put("Weights", "safetensors", struct.pack("<Q", len(tensors)) + tensors + b"\x00\x00\x80\x3f")
    for name, entries in {"folder": {"D/plans.json": b"{}", "D/f/c.pth": b"weights" * 20, "D/e/": b""},
                          "outside": {"../a": b"x", "/b": b"y"}}.items():
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, data in entries.items():
                archive.writestr(zipfile.ZipInfo(entry), data)
        put("ModelArchive", name, out.getvalue())
    common = {"patch_size": [64, 64], "spacing": [1.5, 1], "normalization_schemes": ["CTNormalization"],
              "use_mask_for_norm": [False]}
    old = {"UNet_class_name": "PlainConvUNet", "UNet_base_num_features": 32, "unet_max_num_features": 512,
           "n_conv_per_stage_encoder": [2, 2], "n_conv_per_stage_decoder": [2], "pool_op_kernel_sizes": [[1, 1], [2, 2]],
           "conv_kernel_sizes": [[3, 3], [3, 3]]}
    new = {"inherits_from": "x", "architecture": {"network_class_name": "a.unet.ResidualEncoderUNet", "arch_kwargs": {
        "n_stages": 2, "features_per_stage": [32, 64], "kernel_sizes": [[3, 3], [3, 3]], "strides": [[1, 1], [2, 2]],
        "n_blocks_per_stage": 1, "n_conv_per_stage_decoder": [1], "conv_bias": True, "nonlin_kwargs": {"inplace": True}}}}
    intensity = {"0": {"percentile_00_5": -1, "percentile_99_5": 9, "mean": 1, "std": 2}}
    labels = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "a": [1, 2], "ignore": 3}, "regions_class_order": [1]}
    for name, configurations in (("old", {"3d_fullres": common | old}), ("new", {"x": common, "3d_fullres": new})):
        put("NnUnetPlans", name, json.dumps({"plans": {
            "dataset_name": "D", "transpose_forward": [0, 2, 1], "configurations": configurations,
            "foreground_intensity_properties_per_channel": intensity}, "dataset": labels}))


nesting()
headers()
siemens()
npz()
put("VolumeFile", "two.nii", nifti2())
contours()
names()
tables()
pictures()
json_files()
models()
patterns()
