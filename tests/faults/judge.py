"""Judges what a disturbed program left: is each file whole, is the result the undisturbed one, are there rests?"""
import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib

# What differs from run to run and tells nothing of the result.
CLOCK = {"t", "seconds", "wait", "heartbeat", "pid", "host", "started", "seconds_left", "peak_memory", "created", "time"}
CLOCK_ROWS = {"training_seconds", "peak_memory"}
INDEX = ("name, folder, files FROM source", "path, size, content FROM file", "content FROM header", "data FROM series",
         "file, severity, code, message FROM rejected")
UNJUDGED = (".log", "-wal", "-shm", "-journal", ".lock")


def files(folder):
    out = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            out[os.path.relpath(path, folder)] = path
    return out


def is_rest(name):
    """Names of temporaries: .<stem>.<pid>-<n>.part<ext>, <folder>.old, .<folder>.new and the like."""
    return any((part.startswith(".") and part != ".lock") or part.endswith((".old", ".tmp", ".new")) or ".part" in part
               for part in name.split(os.sep))


def rests(folder):
    return [name for name in files(folder) if is_rest(name)]


def timeless(value):
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in CLOCK}
    if isinstance(value, list):
        return [timeless(v) for v in value if not (isinstance(v, dict) and v.get("metric") in CLOCK_ROWS)]
    return value


def rows(database):
    """What an index tells, without the key that each index draws for itself and the pseudonyms that follow from it."""
    # What was not finished is rolled back: in a copy, which leaves that to the program that is judged.
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("", "-wal", "-journal"):
            if os.path.exists(database + ending):
                shutil.copy(database + ending, os.path.join(folder, "index" + ending))
        connection = sqlite3.connect(os.path.join(folder, "index"))
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise ValueError("the integrity check fails")
        if not connection.execute("SELECT * FROM sqlite_master").fetchone():
            return "nothing yet"
        out = {columns: sorted(map(repr, connection.execute(f"SELECT {columns}"))) for columns in INDEX}
        items = [json.loads(data) for (data,) in connection.execute("SELECT data FROM item")]
        out["item"] = sorted(repr({k: v for k, v in item.items() if k not in ("id", "patient", "space")}) for item in items)
        return out


def tensors(data):
    """Digest of a safetensors file whose header fits its bytes."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    if max(ends, default=0) != len(data) - 8 - size:
        raise ValueError(f"{len(data) - 8 - size} bytes of tensors instead of {max(ends, default=0)}")
    return hashlib.sha256(data).hexdigest()


def essence(path):
    """What two equal results have in common. Raises where the file is not whole."""
    with open(path, "rb") as file:
        data = file.read()
    name = os.path.basename(path)
    if name.endswith(".safetensors"):
        return tensors(data)
    if name.endswith(".jsonl"):
        if data and not data.endswith(b"\n"):
            data = data[:data.rfind(b"\n") + 1]  # a torn last line is foreseen
        lines = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
        # A resumed run says again that it prepares, and with whom.
        return [timeless(line) for line in lines if line["kind"] in ("step", "validation", "conflict")]
    if name == "status.json":
        return {k: v for k, v in json.loads(data).items() if k in ("state", "step", "steps")}
    if name.endswith(".json"):
        return timeless(json.loads(data))
    if name.endswith(".gz"):
        return hashlib.sha256(gzip.decompress(data)).hexdigest()
    if name.endswith(".ts"):
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():
                raise ValueError(f"the archive's {archive.testzip()} is damaged")
        return hashlib.sha256(data).hexdigest()
    if name.endswith(".dcm"):
        if b"DICM" != data[128:132] or b"\xe0\x7f\x10\x00" not in data:
            raise ValueError("no DICOM with pixels")
        return data[data.rindex(b"\xe0\x7f\x10\x00"):]  # dates and drawn UIDs stand before the pixels
    if name.endswith(".sqlite"):
        return rows(path)
    if name.endswith(".html"):
        text = data.decode()
        if not text.rstrip().endswith("</html>"):
            raise ValueError("the page is cut off")
        return re.sub(r"\d[\d.:e-]*", "#", text).count("<tr>")
    if name.endswith(".csv"):
        if data and not data.endswith(b"\n"):
            raise ValueError("the table is cut off")
        return [line for line in data.decode().splitlines() if not set(line.split(",")) & CLOCK_ROWS]
    return hashlib.sha256(data).hexdigest()


def manifest_holds(folder, manifest):
    """The files of an expert are those that its manifest tells of."""
    with open(manifest) as file:
        told = json.load(file).get("files", {})
    for name, digest in told.items():
        with open(os.path.join(folder, name), "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != digest:
                raise ValueError(f"{name} is not the file that the manifest tells of")


def broken(folder):
    """Files under a final name that are not whole, one line each."""
    out = []
    for name, path in files(folder).items():
        if is_rest(name) or name.endswith(UNJUDGED):
            continue
        try:
            essence(path)
            if os.path.basename(path) == "manifest.json":
                manifest_holds(os.path.dirname(path), path)
        except (ValueError, OSError, EOFError, KeyError, struct.error, zlib.error, zipfile.BadZipFile, sqlite3.Error) as why:
            out.append(f"{name} is not whole: {why}")
    return out


def differences(folder, expected):
    """How a folder's result differs from another's, one line a file."""
    here, there = files(folder), files(expected)
    out = []
    for name in sorted(set(here) | set(there)):
        if is_rest(name) or name.endswith(UNJUDGED):
            continue
        if name not in here:
            out.append(f"{name} is missing")
        elif name not in there:
            out.append(f"{name} is too many")
        else:
            try:
                if essence(here[name]) != essence(there[name]):
                    out.append(f"{name} is different")
            except Exception as why:
                out.append(f"{name} is not whole: {why}")
    return out
