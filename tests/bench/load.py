#!/usr/bin/python3
"""Load: three trainings, a prediction and the window at once give what each of them gives alone.

The trainings begin together without a cache, so that they also prepare the same volumes at once. Weights and predictions
are compared byte by byte. Exit code 1 where anything differs, or where the window ends by itself."""
import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin", help="folder of lorkd and lorkd-workbench")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--steps", type=int, default=40, help="of each training; default: %(default)s")
    options = parser.parse_args()
    work = os.path.realpath(options.work)
    shutil.rmtree(work, ignore_errors=True)
    lorkd, window = (os.path.realpath(os.path.join(options.bin, name)) for name in ("lorkd", "lorkd-workbench"))
    subprocess.run([lorkd, "demo", "--out", work, "--patients", "9", "--data-only"], check=True, capture_output=True)
    runs = os.path.join(work, "runs")

    def start(*words):
        return subprocess.Popen([lorkd, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def training(name, seed):
        return start("train", os.path.join(work, "plan.json"), "--out", os.path.join(runs, f"{name}-{seed}"), "--set",
                     f"seed={seed}", "--set", "threads=1", "--set",
                     f"training.steps={options.steps}", "--set", "training.validate_every=20", "--set",
                     "training.checkpoint_every=5", "--set", f"teacher.steps={options.steps // 2}")

    def predicting(name):
        return start("predict", os.path.join(runs, "alone-1"), "--out", os.path.join(work, name))

    def end(process):
        _, err = process.communicate()
        if process.returncode != 0:
            sys.exit(f"FAILED: {' '.join(process.args)}: {err[-1000:]}")

    begun = time.time()
    for seed in (1, 2, 3):
        end(training("alone", seed))
    end(predicting("predicted-alone"))
    alone = time.time() - begun
    shutil.rmtree(os.path.join(work, "cache"))
    begun = time.time()
    home = os.path.join(work, "home")
    os.makedirs(home)
    with open(os.path.join(work, "window.log"), "w") as log:
        shown = subprocess.Popen(["xvfb-run", "-a", window, "--project", work, "--run", os.path.join(runs, "alone-1")],
                                 stdout=log, stderr=log, env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home},
                                 start_new_session=True)
    try:
        together = [training("load", seed) for seed in (1, 2, 3)] + [predicting("predicted-load")]
        for process in together:
            end(process)
        wrong = ["the window has ended"] if shown.poll() is not None else []
    finally:
        try:
            os.killpg(shown.pid, 15)
        except ProcessLookupError:
            pass
        shown.wait()
    load = time.time() - begun
    compared = 0
    for seed in (1, 2, 3):
        for name in ("last", "best"):
            one, two = (os.path.join(runs, f"{which}-{seed}", "checkpoints", name + ".safetensors") for which in ("alone", "load"))
            compared += 1
            if not filecmp.cmp(one, two, shallow=False):
                wrong.append(f"seed {seed}: other weights in {name}.safetensors")
    for place, _, names in os.walk(os.path.join(work, "predicted-alone")):
        for name in names:
            one = os.path.join(place, name)
            compared += 1
            if not filecmp.cmp(one, one.replace("predicted-alone", "predicted-load"), shallow=False):
                wrong.append("another prediction: " + one)
    for line in wrong:
        print("WRONG", line)
    print(f"one after the other {alone:.0f} s, at once {load:.0f} s, {compared} files compared, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
