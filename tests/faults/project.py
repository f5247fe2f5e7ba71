"""A project as small as can be, and what is done to it: the phases that faults are tried on.

Everything lies below WORK/trial, always at the same path, since plans and runs name paths. WORK/before/<phase> keeps what
a phase starts from, WORK/after/<phase> what it leaves undisturbed."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

PHASES = ["scan", "train", "evaluate", "predict", "export", "report", "study", "pacs"]
# What each phase starts from: the data alone, or what another left.
BASE = {"scan": "data", "train": "scan", "study": "scan", "pacs": "peer"}

PLAN = {
    "name": "faults", "seed": 3, "threads": 1, "device": "cpu",
    "data": {"spacing": [14, 14, 14], "patch": [8, 8, 8], "normalisation": "window", "clip": [-200, 300],
             "split": {"validation": 0.3, "test": 0.3}},
    "tasks": {"organs": {"classes": {"liver": {}, "spleen": {}}, "rank": 2, "sources": ["ct"]},
              "bones": {"classes": {"vertebrae": {}}, "rank": 1, "sources": ["ct"]}},
    "backbone": {"name": "unet3d", "widths": [4, 6]},
    "lowrank": {"scaling": "alpha_over_rank", "alpha": 4},
    "teacher": {"source": "train", "backbone": {"name": "unet3d", "widths": [4, 8]}, "steps": 2},
    "losses": {"transfer": 0.1, "temperature": 1},
    "training": {"steps": 4, "batch": 2, "learning_rate": 0.02, "validate_every": 2, "checkpoint_every": 1, "loader_threads": 0},
    "conflict": {"every": 2},
    "evaluation": {"threshold": 0.1},  # so that there is something in the masks after four steps
}


def copy(source, target):
    """Files are copied with their times, which the index goes by."""
    if os.path.exists(target):
        shutil.rmtree(target)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(["cp", "-a", source, target], check=True)


class Project:
    def __init__(self, lorkd, work, loopback=None):
        self.lorkd, self.loopback = os.path.realpath(lorkd), loopback
        os.makedirs(work, exist_ok=True)
        self.work = os.path.realpath(work)
        self.trial = os.path.join(self.work, "trial")
        self.peer = None
        self.seconds = {}  # what each phase takes undisturbed

    def path(self, *parts):
        return os.path.join(self.trial, *parts)

    def command(self, phase, again=False):
        """The command line of a phase; `again`: after a fault, as its user would go on."""
        run = self.path("runs", "r")
        plan = self.path("plan.json")
        if phase == "scan":
            words = ["scan", self.path("data"), "--index", self.path("index.sqlite"), "--source", "ct"]
        elif phase == "train":
            resume = again and os.path.exists(os.path.join(run, "status.json"))
            words = ["resume", run] if resume else ["train", plan, "--out", run]
        elif phase == "evaluate":
            words = ["evaluate", run]
        elif phase == "predict":
            words = ["predict", run, "--seg", self.path("seg"), "--teacher"]
        elif phase == "export":
            words = ["export", run, "--out", self.path("experts"), "--task", "bones"]
        elif phase == "report":
            words = ["report", run, "--out", self.path("pages", "report.html")]
        elif phase == "study":
            words = ["study", plan, "--methods", "mtl", "--seeds", "1", "--out", self.path("runs"),
                     "--set", "training.steps=2"]
        elif phase == "pacs":
            words = ["pacs", "--nodes", os.path.join(self.work, "nodes.json"), "get", "peer", "--out", self.path("images"),
                     "--study", self.study, "--retries", "0"]
        return [self.lorkd, *words]

    def run(self, phase, again=False, extra=None, timeout=None):
        """Exit code (negative: ended by that signal; None: it hangs), what it printed, and its errors."""
        timeout = timeout or max(120, 30 * self.seconds[phase])  # on a busy machine all is slow
        process = self.start(phase, again, extra)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill(process)
            out, err = process.communicate()
            return None, out, err
        return process.returncode, out, err

    def start(self, phase, again=False, extra=None):
        return subprocess.Popen(self.command(phase, again), env={**os.environ, **(extra or {})}, text=True, errors="replace",
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                start_new_session=True)

    def must(self, *words):
        done = subprocess.run([self.lorkd, *words], text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"FAILED: lorkd {' '.join(words)} ends with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def before(self, phase):
        return os.path.join(self.work, "before", phase)

    def after(self, phase):
        return os.path.join(self.work, "after", phase)

    def restore(self, phase):
        copy(self.before(phase), self.trial)

    def make(self, phases):
        """Data, and for each phase the state before it and after it."""
        for name in ("trial", "before", "after"):
            shutil.rmtree(os.path.join(self.work, name), ignore_errors=True)
        wanted = [p for p in PHASES if p in phases or (p == "scan" and set(phases) - {"pacs"})
                  or (p == "train" and set(phases) & {"evaluate", "predict", "export", "report"})]
        os.makedirs(self.trial)
        if wanted != ["pacs"]:
            self.must("phantom", os.path.join(self.work, "phantoms"), "--patients", "9", "--resolution", "0.25")
            for number in (3, 6, 9):  # the abdomens
                copy(os.path.join(self.work, "phantoms", f"PHANTOM-{number:04d}"), self.path("data", str(number)))
            plan = {**PLAN, "data": {**PLAN["data"], "sources": {"ct": {"path": self.path("data")}}}}
            with open(self.path("plan.json"), "w") as file:
                json.dump(plan, file)
        for phase in wanted:
            base = BASE.get(phase, "train")
            if phase == "pacs":
                self.start_peer()
                shutil.rmtree(self.trial)
                os.makedirs(self.trial)
                copy(self.trial, self.before(phase))
            else:
                copy(self.trial if base == "data" else self.after(base), self.before(phase))
                self.restore(phase)
            begun = time.time()
            code, _, err = self.run(phase, timeout=900)
            self.seconds[phase] = time.time() - begun
            if code != 0:
                sys.exit(f"FAILED: undisturbed, {phase} ends with {code}: {err[-2000:]}")
            copy(self.trial, self.after(phase))

    def start_peer(self):
        """Orthanc with one study, on 127.0.0.1."""
        ports = []
        for _ in range(2):
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                ports.append(s.getsockname()[1])
        store = os.path.join(self.work, "orthanc")
        shutil.rmtree(store, ignore_errors=True)
        os.makedirs(store)
        settings = {"StorageDirectory": store, "IndexDirectory": store, "DicomPort": ports[0], "HttpPort": ports[1],
                    "DicomAet": "PEER", "RemoteAccessAllowed": False, "Plugins": [], "DicomAlwaysAllowFind": True,
                    "DicomAlwaysAllowGet": True}
        with open(os.path.join(store, "settings.json"), "w") as file:
            json.dump(settings, file)
        log = open(os.path.join(store, "log"), "w")
        self.peer = subprocess.Popen(["/usr/sbin/Orthanc", os.path.join(store, "settings.json")], stdout=log, stderr=log,
                                     env={**os.environ, "LD_PRELOAD": self.loopback, "TCP_NODELAY": "1"})
        nodes = os.path.join(self.work, "nodes.json")
        if os.path.exists(nodes):
            os.remove(nodes)
        pacs = ["pacs", "--nodes", nodes]
        self.must(*pacs, "add", "peer", "--host", "127.0.0.1", "--port", str(ports[0]), "--called", "PEER", "--timeout", "5")
        for _ in range(100):
            if subprocess.run([self.lorkd, *pacs, "echo", "peer"], capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
        if not os.path.exists(os.path.join(self.work, "phantoms")):
            self.must("phantom", os.path.join(self.work, "phantoms"), "--patients", "9", "--resolution", "0.25")
        self.must(*pacs, "send", "peer", os.path.join(self.work, "phantoms", "PHANTOM-0003"))
        found = json.loads(self.must("--progress", "json", *pacs, "find", "peer").splitlines()[-1])
        self.study = found["studies"][0]["study"]

    def close(self):
        if self.peer:
            self.peer.kill()
            self.peer.wait()


def has_peer(loopback):
    return bool(loopback) and os.access("/usr/sbin/Orthanc", os.X_OK)


def kill(process):
    """The process and all that it started."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
