"""Writers of small images, by the words of each format's definition: numpy and Python's own library alone.

Every case n has a grid of its own size, so labels of another case never fit. Positions are LPS, axes are the patient's.
"""
import gzip
import json
import struct
import zlib
from pathlib import Path

import numpy as np

UID = "1.2.826.0.1.3680043.8.498."


def place(n=0):
    """Voxels, mm between them, and the first one's position, of case n."""
    return (8, 9, 6 + n), (1.5, 1.25, 2.0), (-20.0 + n, 15.0, -30.0)


def coarse(n=0):
    """A grid inside that of case n, of half the voxels, as PET and diffusion have it."""
    return (4, 4, 3 + n // 2), (3.0, 2.5, 4.0), (-19.25 + n, 15.625, -29.0)


def noise(key):
    return np.random.default_rng(zlib.crc32(str(key).encode()))


def voxels(kind, shape, key):
    if kind == "ct":
        return noise(key).integers(-1000, 1500, shape).astype("int16")
    if kind == "pet":
        return (noise(key).random(shape) * 20).astype("float32")
    return noise(key).integers(0, 1200, shape).astype("int16")


def blocks(shape, values):
    """Each value in a block of its own."""
    out = np.zeros(shape, "uint8" if max(values, default=0) < 256 else "uint16")
    for n, value in enumerate(values):
        x, y = 2 * (n % 4), 2 * (n // 4 % 4)
        out[x:x + 2, y:y + 2, 1 + n // 16] = value
    return out


def image(path, n=0, kind="ct", at=place, volumes=1):
    """The image of case n: of several volumes where more than one is asked for."""
    size, spacing, origin = at(n)
    shape = size if volumes == 1 else (*size, volumes)
    return volume(path, voxels(kind, shape, path), spacing, origin)


def labels(path, n=0, values=(1, 2), at=place, names=()):
    """A label map of case n. With names, a segmentation of 3D Slicer that names them."""
    size, spacing, origin = at(n)
    return volume(path, blocks(size, values), spacing, origin, names)


def mask(path, n=0, number=0, at=place, value=1):
    """The mask of one structure: the block of that number."""
    size, spacing, origin = at(n)
    return volume(path, (blocks(size, range(1, number + 2)) == number + 1).astype("uint8") * value, spacing, origin)


def volume(path, data, spacing, origin, names=()):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.name
    write = (nrrd if name.endswith(".nrrd") else meta if name.endswith((".mha", ".mhd")) else
             mgz if name.endswith(".mgz") else nifti)
    return write(path, data, spacing, origin, *([names] if names else []))


def nifti_head(data, spacing, origin, magic, offset):
    head = bytearray(348)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, *([data.ndim, *data.shape] + [1] * 8)[:8])
    code = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "uint16": 512}[str(data.dtype)]
    struct.pack_into("<hh", head, 70, code, data.dtype.itemsize * 8)
    struct.pack_into("<8f", head, 76, *([1.0, *spacing] + [1.0] * 8)[:8])
    struct.pack_into("<3f", head, 108, offset, 1.0, 0.0)
    head[123] = 2  # mm
    struct.pack_into("<2h", head, 252, 1, 1)
    struct.pack_into("<6f", head, 256, 0, 0, 1, -origin[0], -origin[1], origin[2])  # a half turn about z: LPS to RAS
    spacing = (*spacing, 1.0)[:3]
    for row, sign in enumerate((-1, -1, 1)):
        values = [0.0] * 4
        values[row], values[3] = sign * spacing[row], sign * origin[row]
        struct.pack_into("<4f", head, 280 + 16 * row, *values)
    head[344:348] = magic
    return bytes(head)


def nifti(path, data, spacing, origin):
    """.nii, .nii.gz, or the pair .hdr and .img."""
    raw = data.tobytes(order="F")
    if path.suffix == ".hdr":
        path.write_bytes(nifti_head(data, spacing, origin, b"ni1\0", 0))
        path.with_suffix(".img").write_bytes(raw)
        return path
    content = nifti_head(data, spacing, origin, b"n+1\0", 352) + bytes(4) + raw
    path.write_bytes(gzip.compress(content, 1, mtime=0) if path.name.endswith(".gz") else content)
    return path


def nrrd(path, data, spacing, origin, names=()):
    kind = {"uint8": "uint8", "int16": "int16", "float32": "float"}[str(data.dtype)]
    axes = [[spacing[n] if m == n else 0 for m in range(3)] for n in range(3)]
    head = [f"NRRD0004\ntype: {kind}\ndimension: 3\nspace: left-posterior-superior",
            "sizes: " + " ".join(str(n) for n in data.shape),
            "space directions: " + " ".join("(%g,%g,%g)" % tuple(a) for a in axes),
            "kinds: domain domain domain\nendian: little\nencoding: gzip", "space origin: (%g,%g,%g)" % tuple(origin)]
    last = ",".join(str(n - 1) for n in data.shape)
    for n, name in enumerate(names):
        for key, value in (("ID", f"Segment_{n + 1}"), ("Name", name), ("LabelValue", n + 1), ("Layer", 0),
                           ("Color", "0.9 0.2 0.1"), ("Extent", " ".join(f"0 {e}" for e in last.split(",")))):
            head.append(f"Segment{n}_{key}:={value}")
    path.write_bytes(("\n".join(head) + "\n\n").encode() + gzip.compress(data.tobytes(order="F"), 1, mtime=0))
    return path


def meta(path, data, spacing, origin, packed=False):
    """.mha, or .mhd with its voxels beside it: .raw, or .zraw if packed."""
    kind = {"uint8": "MET_UCHAR", "int16": "MET_SHORT", "float32": "MET_FLOAT"}[str(data.dtype)]
    raw = data.tobytes(order="F")
    raw = zlib.compress(raw) if packed else raw
    other = path.with_suffix(".zraw" if packed else ".raw")
    head = (f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
            f"CompressedData = {packed}\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = %g %g %g\n"
            f"ElementSpacing = %g %g %g\nDimSize = %d %d %d\n" % (*origin, *spacing, *data.shape) +
            (f"CompressedDataSize = {len(raw)}\n" if packed else "") + f"ElementType = {kind}\nElementDataFile = ")
    if path.suffix == ".mha":
        path.write_bytes((head + "LOCAL\n").encode() + raw)
    else:
        path.write_text(head + other.name + "\n")
        other.write_bytes(raw)
    return path


def mgz(path, data, spacing, origin):
    """FreeSurfer's: big-endian, the place of the middle voxel in RAS."""
    kind = {"uint8": 0, "int32": 1, "float32": 3, "int16": 4, "uint16": 4}[str(data.dtype)]
    middle = [s * (o + d * n / 2) for s, o, d, n in zip((-1, -1, 1), origin, spacing, data.shape)]
    head = struct.pack(">7ih", 1, *data.shape, 1, kind, 0, 1) + struct.pack(
        ">15f", *spacing, -1, 0, 0, 0, -1, 0, 0, 0, 1, *middle)
    content = head.ljust(284, b"\0") + data.astype(data.dtype.newbyteorder(">")).tobytes(order="F")
    path.write_bytes(gzip.compress(content, 1, mtime=0))
    return path


def png(path, pixels):
    """Grey or RGB, 8 bits. Names may end in .jpg or .tif all the same: programs look at the first bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(pixels, "uint8")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" +
                     chunk(b"IHDR", struct.pack(">2I5B", pixels.shape[1], pixels.shape[0], 8,
                                                2 if pixels.ndim == 3 else 0, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path


def gif(path, marked):
    """Black and white, packed no more than GIF must: codes of 8 bits, and the table emptied before they grow."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = np.asarray(marked, bool).astype("uint8").ravel()
    codes = b"".join(b"\x80" + flat[n:n + 100].tobytes() for n in range(0, flat.size, 100)) + b"\x81"
    blocks = b"".join(bytes([len(codes[n:n + 255])]) + codes[n:n + 255] for n in range(0, len(codes), 255))
    size = struct.pack("<2H", marked.shape[1], marked.shape[0])
    palette = b"\0\0\0\xff\xff\xff" + b"\0\0\0" * 126
    path.write_bytes(b"GIF89a" + size + b"\xe6\0\0" + palette + b",\0\0\0\0" + size + b"\0\x07" + blocks + b"\0;")
    return path


def picture(path, colour=False, binary=False):
    pixels = noise(path).integers(0, 255, (16, 18, 3) if colour else (16, 18))
    if binary and Path(path).suffix == ".gif":
        return gif(path, pixels > 120)
    return png(path, (pixels > 120) * 255 if binary else pixels)


def text(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return path


def table(path, head, rows, between=","):
    return text(path, "\n".join([head] + [between.join(str(c) for c in row) for row in rows]) + "\n")


def uid(*words):
    return UID + str(zlib.crc32(" ".join(str(w) for w in words).encode()))


def dicom(path, elements):
    """A file of explicit little-endian elements: (group << 16 | element): (kind, text or bytes or number)."""
    def element(tag, kind, value):
        if kind == "US":
            value = struct.pack("<H", value)
        elif not isinstance(value, bytes):
            value = str(value).encode()
        if len(value) % 2:
            value += b"\0" if kind in ("UI", "OB") else b" "
        head = struct.pack("<HH", tag >> 16, tag & 0xffff) + kind.encode()
        long = kind in ("OB", "OW")
        return head + (struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value))) + value
    head = b"".join(element(*e) for e in (
        (0x00020001, "OB", b"\0\1"), (0x00020002, "UI", elements[0x00080016][1]),
        (0x00020003, "UI", elements[0x00080018][1]), (0x00020010, "UI", "1.2.840.10008.1.2.1")))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(head))) + head +
                     b"".join(element(tag, *elements[tag]) for tag in sorted(elements)))
    return path


def dicom_series(folder, n, patient, name, modality="CT", study="1", files="1-{:03}.dcm", data=None, more=None):
    """The image of case n as one file a slice."""
    size, spacing, origin = place(n)
    data = voxels(modality.lower(), size, (patient, name)) if data is None else data.astype("int16")
    sop = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4"}[modality]
    for k in range(size[2]):
        dicom(Path(folder) / files.format(k + 1), {
            0x00080008: ("CS", "ORIGINAL\\PRIMARY\\AXIAL"), 0x00080016: ("UI", sop),
            0x00080018: ("UI", uid(patient, name, k)), 0x00080060: ("CS", modality), 0x0008103e: ("LO", name),
            0x00100010: ("PN", patient), 0x00100020: ("LO", patient), 0x00180050: ("DS", spacing[2]),
            0x0020000d: ("UI", uid(patient, study)), 0x0020000e: ("UI", uid(patient, study, name)),
            0x00200011: ("IS", 1), 0x00200013: ("IS", k + 1),
            0x00200032: ("DS", "%g\\%g\\%g" % (origin[0], origin[1], origin[2] + k * spacing[2])),
            0x00200037: ("DS", "1\\0\\0\\0\\1\\0"), 0x00200052: ("UI", uid(patient, study, "frame")),
            0x00280002: ("US", 1), 0x00280004: ("CS", "MONOCHROME2"), 0x00280010: ("US", size[1]),
            0x00280011: ("US", size[0]), 0x00280030: ("DS", "%g\\%g" % (spacing[1], spacing[0])),
            0x00280100: ("US", 16), 0x00280101: ("US", 16), 0x00280102: ("US", 15), 0x00280103: ("US", 1),
            0x00281052: ("DS", 0), 0x00281053: ("DS", 1), 0x7fe00010: ("OW", data[:, :, k].tobytes(order="F")),
            **(more or {})})


def dicom_picture(path, patient, modality="CR"):
    """A radiograph: one picture without a place."""
    pixels = noise(path).integers(0, 255, (16, 18)).astype("uint8")
    return dicom(path, {
        0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.1"), 0x00080018: ("UI", uid(path, "picture")),
        0x00080060: ("CS", modality), 0x00100010: ("PN", patient), 0x00100020: ("LO", patient),
        0x0020000d: ("UI", uid(patient, path)), 0x0020000e: ("UI", uid(patient, path, "series")),
        0x00200013: ("IS", 1), 0x00280002: ("US", 1), 0x00280004: ("CS", "MONOCHROME2"), 0x00280010: ("US", 16),
        0x00280011: ("US", 18), 0x00280100: ("US", 8), 0x00280101: ("US", 8), 0x00280102: ("US", 7),
        0x00280103: ("US", 0), 0x7fe00010: ("OB", pixels.tobytes())})
