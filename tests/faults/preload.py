#!/usr/bin/python3
"""Tries faults.c itself: each kind of call is struck where it is asked for, whoever makes it, and nowhere else."""
import os
import signal
import subprocess
import sys
import tempfile

CALLS = {  # one call of each kind below the folder D
    "write": "os.write(os.open(D + '/new', os.O_CREAT | os.O_WRONLY), b'x')",
    "sync": "os.fsync(os.open(D + '/old', os.O_RDONLY))",
    "rename": "os.rename(D + '/old', D + '/new')",
    "create": "open(D + '/new', 'w')",
    "open": "open(D + '/old')",
    "mkdir": "os.mkdir(D + '/new')",
    "unlink": "os.remove(D + '/old')",
    "truncate": "os.truncate(D + '/old', 1)",
    "read": "os.read(os.open(D + '/old', os.O_RDONLY), 9)",
    "list": "os.listdir(D)",
    "map": "f = open(D + '/old'); mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)",
}
STDIO = """
libc = ctypes.CDLL(None, use_errno=True)
libc.fopen.restype = ctypes.c_void_p
f = ctypes.c_void_p(libc.fopen((D + '/new').encode(), b'w'))
libc.fwrite(b'x' * 9, 1, 9, f)
if libc.fclose(f) != 0: raise OSError(ctypes.get_errno(), 'fclose')
"""
SQLITE = "import sqlite3; c = sqlite3.connect(D + '/db'); c.execute('create table t(a)'); c.commit()"
SHELL = "import subprocess; sys.exit(subprocess.call('echo x > ' + D + '/new', shell=True))"


def run(library, code, folder, below=None, **settings):
    program = f"import ctypes, mmap, os, sys, threading; D = {folder!r}\n{code}"
    env = {**os.environ, "LD_PRELOAD": library, "LORKD_FAULT_BELOW": below or folder, "PYTHONDONTWRITEBYTECODE": "1"}
    env.update({"LORKD_FAULT_" + key: str(value) for key, value in settings.items()})
    return subprocess.run(["/usr/bin/python3", "-c", program], env=env, capture_output=True, text=True)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, "\nusage: preload.py LIBRARY")
        return 0 if sys.argv[1:] == ["--help"] else 2
    library = os.path.realpath(sys.argv[1])
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.realpath(folder) + "/in"

        def fresh():
            subprocess.run(["rm", "-rf", place], check=True)
            os.mkdir(place)
            with open(place + "/old", "w") as file:
                file.write("0123456789" * 3)

        def expect(what, holds, done):
            if done.returncode == 125:
                print("SKIPPED:", done.stderr.strip())
                sys.exit(77)
            if not holds:
                bad.append(f"{what}: exit code {done.returncode}, {done.stderr[-200:]}")

        for kind, code in CALLS.items():
            fresh()
            done = run(library, code, place, KIND=kind, AT=1, HOW="EROFS")
            expect(f"{kind} is to fail", "Read-only file system" in done.stderr, done)
            fresh()
            done = run(library, code, place, KIND=kind, AT=3, HOW="EROFS")
            expect(f"{kind} is to fail the third time only", done.returncode == 0, done)
            fresh()
            done = run(library, code, place, place + "/elsewhere", KIND=kind, AT=1, HOW="EROFS")
            expect(f"{kind} is not to fail outside", "Read-only" not in done.stderr, done)
            fresh()
            done = run(library, code, place, KIND=kind, AT=1, HOW="kill")
            expect(f"{kind} is to kill", done.returncode == -signal.SIGKILL, done)
        for name, code in (("stdio", STDIO), ("a thread", "t = threading.Thread(target=lambda: os.write(os.open(D + '/new', "
                            "os.O_CREAT | os.O_WRONLY), b'x') or 1); t.start(); t.join(); os.stat(D + '/new').st_size or "
                            "sys.exit('empty')"), ("SQLite", SQLITE), ("a child", SHELL)):
            fresh()
            expect(f"{name} works", run(library, code, place).returncode == 0, run(library, code, place, KIND="write"))
            fresh()
            done = run(library, code, place, KIND="write", AT=1, HOW="ENOSPC", STAYS=1)
            expect(f"a write of {name} is to fail", done.returncode != 0, done)
        fresh()
        write = "f = os.open(D + '/new', os.O_CREAT | os.O_WRONLY); n = os.write(f, b'12345678'); print(n, flush=True); " \
                "os.write(f, b'x')"
        done = run(library, write, place, KIND="write", AT=1, HOW="short")
        expect("half is to be written", done.stdout == "4\n" and open(place + "/new").read() == "1234x", done)
        fresh()
        done = run(library, write, place, KIND="write", AT=1, HOW="full")
        expect("the disk is to be full after a half", done.stdout == "4\n" and "No space left" in done.stderr, done)
        fresh()
        done = run(library, write, place, KIND="write", AT=1, HOW="torn")
        expect("it is to be killed after a half", done.returncode == -9 and open(place + "/new").read() == "1234", done)
        fresh()
        done = run(library, "print(len(os.read(os.open(D + '/old', os.O_RDONLY), 30)))", place, KIND="read", AT=1, HOW="short")
        expect("half is to be read", done.stdout == "15\n", done)
    for line in bad:
        print("WRONG", line)
    print("preload: passed" if not bad else f"preload: {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
