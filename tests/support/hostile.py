#!/usr/bin/python3
"""Small files that claim, or unpack to, far more than they are: hostile.py FOLDER [NAME...] writes them, or those named.

By the words of each format's definition, with nothing but Python's own library.
"""
import struct
import sys
import zlib
from pathlib import Path

UNIT = 1 << 24


def zeros(size, tail=b""):
    """A raw deflate stream of so many zeros, and of `tail` behind them, made without writing them out."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    unit = packer.compress(bytes(UNIT)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return unit * (size // UNIT) + packer.compress(bytes(size % UNIT) + tail) + packer.flush()


def crc(head, size, tail=b""):
    value = zlib.crc32(head)
    unit = bytes(UNIT)
    for _ in range(size // UNIT):
        value = zlib.crc32(unit, value)
    return zlib.crc32(bytes(size % UNIT) + tail, value)


def zlib_zeros(size):
    return b"\x78\x9c" + zeros(size) + struct.pack(">I", (size % 65521) << 16 | 1)


def gzipped(head, size):
    """Members one after the other are one stream (RFC 1952 section 2.2)."""
    def member(raw, content):
        return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw + struct.pack("<II", zlib.crc32(content), len(content))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = member(packer.compress(head) + packer.flush(), head)
    unit = member(zeros(UNIT), bytes(UNIT))
    return first + unit * (size // UNIT) + member(zeros(size % UNIT), bytes(size % UNIT))


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib_zeros((3 * width + 1) * height)) + chunk(b"IEND", b""))


def jpeg(width, height):
    quantisation = b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\1" * 64
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    scan = b"\xff\xda" + struct.pack(">HB", 12, 3) + b"\1\0\2\0\3\0\0\0\0"
    return b"\xff\xd8" + quantisation + frame + scan + bytes(3) + b"\xff\xd9"


def bmp(width, height):
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 1000, 0, 54, 40, width, height, 1, 24, 0, 0, 1, 1, 0, 0) + bytes(946)


def tiff(width, height):
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 200), (277, 3, 3),
               (278, 4, height), (279, 4, 100)]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(400)


def nifti(sizes, datatype, bits, offset=352.0):
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *sizes, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, datatype, bits)
    struct.pack_into("<8f", head, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", head, 108, offset)
    struct.pack_into("<hh", head, 252, 0, 1)
    for n in range(3):
        struct.pack_into("<f", head, 280 + 20 * n, 1)
    head[344:348] = b"n+1\0"
    return bytes(head)


def nrrd(kind, sizes, layers=0, more=""):
    axes = ("none " if layers else "") + "(1,0,0) (0,1,0) (0,0,1)"
    numbers = " ".join(str(n) for n in ([layers] if layers else []) + list(sizes))
    return (f"NRRD0004\ntype: {kind}\ndimension: {4 if layers else 3}\nspace: left-posterior-superior\nsizes: {numbers}\n"
            f"space directions: {axes}\nkinds: {'list ' if layers else ''}domain domain domain\nspace origin: (0,0,0)\n"
            f"endian: little\nencoding: gzip\n{more}\n").encode()


def meta(kind, sizes, packed):
    return (f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = True\n"
            f"CompressedDataSize = {packed}\nDimSize = {sizes[0]} {sizes[1]} {sizes[2]}\nElementSpacing = 1 1 1\n"
            f"ElementType = {kind}\nElementDataFile = LOCAL\n").encode()


def npy(shape, kind="|u1"):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


def archive(entries):
    """A zip with 64-bit records: name -> (head, zeros, tail), all deflated."""
    out, central = b"", b""
    for name, (head, size, tail) in entries.items():
        name = name.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + zeros(size, tail)
        total, check, at = len(head) + size + len(tail), crc(head, size, tail), len(out)
        common = struct.pack("<HHHHHI", 45, 0, 8, 0, 0x21, check) + struct.pack("<II", 0xffffffff, 0xffffffff)
        local = struct.pack("<HHQQ", 1, 16, total, len(raw))
        out += b"PK\3\4" + common + struct.pack("<HH", len(name), len(local)) + name + local + raw
        wide = struct.pack("<HHQQQ", 1, 24, total, len(raw), at)
        central += (b"PK\1\2" + struct.pack("<H", 45) + common + struct.pack("<HHHHHII", len(name), len(wide), 0, 0, 0, 0,
                    0xffffffff) + name + wide)
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, len(entries), len(entries), len(central), len(out))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(out) + len(central), 1)
    few = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(entries), len(entries), 0xffffffff, 0xffffffff, 0)
    return out + central + end + locator + few


LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")
EXPLICIT, DEFLATED, RLE, JPEG, JPEG2000 = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5",
                                           "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.90")


def element(group, number, kind, value, length=None):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, int):
        value = struct.pack("<H", value)
    if len(value) % 2:
        value += b"\0" if kind == b"UI" else b" "
    size = len(value) if length is None else length
    head = struct.pack("<HH", group, number) + kind
    return head + (struct.pack("<HI", 0, size) if kind in LONG else struct.pack("<H", size)) + value


def sequence(group, number, *items):
    return element(group, number, b"SQ", b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(i)) + i for i in items))


def fragments(*pieces):
    pieces = [p + bytes(len(p) % 2) for p in (b"",) + pieces]
    items = b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(p)) + p for p in pieces)
    return element(0x7fe0, 0x10, b"OB", items + struct.pack("<HHI", 0xfffe, 0xe0dd, 0), 0xffffffff)


def dicom(syntax, body):
    meta_ = (element(2, 1, b"OB", b"\0\1") + element(2, 2, b"UI", "1.2.840.10008.5.1.4.1.1.2") +
             element(2, 3, b"UI", "1.2.3.4") + element(2, 0x10, b"UI", syntax))
    return bytes(128) + b"DICM" + element(2, 0, b"UL", struct.pack("<I", len(meta_))) + meta_ + body


def image(rows, columns, pixels, frames=None, bits=16, samples=1):
    geometry = "" if frames is None else str(frames)
    return (element(8, 0x16, b"UI", "1.2.840.10008.5.1.4.1.1.2") + element(8, 0x18, b"UI", "1.2.3.4") +
            element(8, 0x60, b"CS", "CT") + element(0x18, 0x50, b"DS", "1") + element(0x20, 0xd, b"UI", "1.2.3") +
            element(0x20, 0xe, b"UI", "1.2.3.1") + element(0x20, 0x32, b"DS", "0\\0\\0") +
            element(0x20, 0x37, b"DS", "1\\0\\0\\0\\1\\0") + element(0x28, 2, b"US", samples) +
            element(0x28, 4, b"CS", "MONOCHROME2" if samples == 1 else "RGB") +
            (element(0x28, 6, b"US", 0) if samples > 1 else b"") +
            (element(0x28, 8, b"IS", geometry) if geometry else b"") + element(0x28, 0x10, b"US", rows) +
            element(0x28, 0x11, b"US", columns) + element(0x28, 0x30, b"DS", "1\\1") + element(0x28, 0x100, b"US", bits) +
            element(0x28, 0x101, b"US", bits) + element(0x28, 0x102, b"US", bits - 1) + element(0x28, 0x103, b"US", 0) +
            pixels)


def codestream(width, height):
    return (b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIIIHBBB", 41, 0, width, height, 0, 0, width, height, 0, 0, 1, 15, 1, 1) +
            bytes(1) + b"\xff\xd9")


def segmentation(rows, columns, places, segments=1):
    def code(group, number):
        return sequence(group, number, element(8, 0x100, b"SH", "T") + element(8, 0x102, b"SH", "SRT") +
                        element(8, 0x104, b"LO", "T"))
    shown = [sequence(0x62, 0xa, element(0x62, 0xb, b"US", n % segments + 1)) + sequence(
        0x20, 0x9113, element(0x20, 0x32, b"DS", f"0\\0\\{z}")) for n, z in enumerate(places)]
    shared = (sequence(0x20, 0x9116, element(0x20, 0x37, b"DS", "1\\0\\0\\0\\1\\0")) +
              sequence(0x28, 0x9110, element(0x18, 0x50, b"DS", "1") + element(0x18, 0x88, b"DS", "1") +
                       element(0x28, 0x30, b"DS", "1\\1")))
    listed = [element(0x62, 4, b"US", n + 1) + element(0x62, 5, b"LO", f"s{n}") for n in range(segments)]
    return (element(8, 0x16, b"UI", "1.2.840.10008.5.1.4.1.1.66.4") + element(8, 0x18, b"UI", "1.2.3.4") +
            element(8, 0x60, b"CS", "SEG") + element(0x20, 0xd, b"UI", "1.2.3") + element(0x20, 0xe, b"UI", "1.2.3.9") +
            element(0x28, 2, b"US", 1) + element(0x28, 4, b"CS", "MONOCHROME2") +
            element(0x28, 8, b"IS", str(len(places))) + element(0x28, 0x10, b"US", rows) +
            element(0x28, 0x11, b"US", columns) + element(0x28, 0x100, b"US", 1) + element(0x28, 0x101, b"US", 1) +
            element(0x28, 0x102, b"US", 0) + element(0x28, 0x103, b"US", 0) + element(0x62, 1, b"CS", "BINARY") +
            sequence(0x62, 2, *listed) + sequence(0x5200, 0x9229, shared) + sequence(0x5200, 0x9230, *shown) +
            element(0x7fe0, 0x10, b"OB", bytes((rows * columns * len(places) + 7) // 8 if rows < 1000 else 64)))


BIG, MANY = (2048, 2048, 2048), (1024, 1024, 1000)
LABELLED = "Segment0_LabelValue:=1\nSegment0_Layer:=0\nSegment0_Name:=liver\n"
LAST = bytes(range(200)) + bytes(56)  # the end of the last picture

FILES = {
    "bomb.png": lambda: png(32000, 32000),
    "bomb.jpg": lambda: jpeg(30000, 30000),
    "bomb.bmp": lambda: bmp(30000, 30000),
    "bomb.tif": lambda: tiff(30000, 30000),
    "claim.nii.gz": lambda: gzipped(nifti(BIG, 2, 8), 2048 ** 3),
    "wide.nii.gz": lambda: gzipped(nifti(MANY, 64, 64), 8 * 1024 * 1024 * 1000),
    "behind.nii.gz": lambda: gzipped(nifti((10, 10, 10), 2, 8), 1 << 32),
    "claim.nrrd": lambda: nrrd("uint8", BIG) + gzipped(b"", 2048 ** 3),
    "wide.nrrd": lambda: nrrd("double", MANY) + gzipped(b"", 8 * 1024 * 1024 * 1000),
    "layers.seg.nrrd": lambda: nrrd("uint8", (512, 512, 100), 256, LABELLED) + gzipped(b"", 256 * 512 * 512 * 100),
    "claim.mha": lambda: (lambda raw: meta("MET_UCHAR", BIG, len(raw)) + raw)(zlib_zeros(2048 ** 3)),
    "rle.dcm": lambda: dicom(RLE, image(65535, 65535, fragments(struct.pack("<16I", 1, 64, *[0] * 14) + bytes(64)))),
    "jpeg.dcm": lambda: dicom(JPEG, image(64, 64, fragments(jpeg(65000, 65000)), bits=8)),
    "jpeg2000.dcm": lambda: dicom(JPEG2000, image(64, 64, fragments(codestream(65000, 65000)))),
    "deflated.dcm": lambda: dicom(DEFLATED, deflated(image(32768, 32768, b"", bits=16), 1 << 31)),
    "frames.dcm": lambda: dicom(RLE, image(64, 64, fragments(bytes(64)), frames=2147483647)),
    "claim.seg.dcm": lambda: dicom(EXPLICIT, segmentation(65535, 65535, [0])),
    "sparse.seg.dcm": lambda: dicom(EXPLICIT, segmentation(512, 512, [n * 60000 / 39 // 1 for n in range(40)], 40)),
    "cells.csv": lambda: b"file,label\n" + b"x," * 40_000_000,
    "rows.csv": lambda: b"file,label\n" + b"x,y\n" * 40_000_000,
    "pictures.npz": lambda: archive({"train_images.npy": (npy((1, 65536, 65536)), 1 << 32, b""),
                                     "train_labels.npy": (npy((1,)), 1, b"")}),
    "count.npz": lambda: archive({"train_images.npy": (npy((1 << 31, 1, 1)), 1 << 31, b""),
                                  "train_labels.npy": (npy((1 << 31,)), 1 << 31, b"")}),
    "names.npz": lambda: archive({"train_images.npy": (npy((1, 1, 1)), 1, b""),
                                  "train_labels.npy": (npy((1, 1000), "<u2"), 0, struct.pack("<H", 9999) * 1000)}),
    "labels.npz": lambda: archive({"train_images.npy": (npy((268000, 1, 1)), 268000, b""),
                                   "train_labels.npy": (npy((268000, 1000)), 268000 * 1000, b"")}),
    # An honest one above 4 GiB.
    "large.npz": lambda: archive({"train_images.npy": (npy((70000, 256, 256)), 70000 * 65536 - len(LAST), LAST),
                                  "train_labels.npy": (npy((70000, 1)), 69999, b"\3")}),
}


def deflated(head, size):
    """A data set whose pixels are so many zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = head + struct.pack("<HH2sHI", 0x7fe0, 0x10, b"OW", 0, size)
    return packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH) + zeros(size)


def main():
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or FILES:
        (folder / name).write_bytes(FILES[name]())


main()
