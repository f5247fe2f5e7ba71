#!/usr/bin/env bash
# Transfer to organs that an expert has never seen: experts are trained without eyes, aorta and stomach; then each learns
# the missing organ of its region, beside a network of the same size from scratch, at equal steps: 100 and 400. Three
# seeds, of which each has its own experts and test patients. Half an hour on two cores; goes on where it was cut off.
#   tests/bench/phantom-transfer.sh build/bin/lorkd OUT     (OUT may be the folder of phantom-study.sh)
set -euo pipefail
lorkd=$1 out=$2
[ -s "$out/plan.json" ] || "$lorkd" demo --out "$out" --patients 36 --data-only
mkdir -p "$out/transfer"
for seed in 1 2 3; do
  experts=$out/runs/without-three-organs-$seed
  "$lorkd" train "$out/plan.json" --set "name=without three organs" --set "seed=$seed" --set teacher.source=none \
    --set training.steps=2000 --set 'tasks.head.classes={"brain":{},"ventricles":{},"skull":{}}' \
    --set 'tasks.thorax.classes={"lungs":{},"heart":{},"vertebrae":{}}' \
    --set 'tasks.abdomen.classes={"liver":{},"spleen":{},"kidneys":{}}' --out "$experts"
  for pair in head:eyes thorax:aorta abdomen:stomach; do
    region=${pair%:*} organ=${pair#*:}
    for steps in 100 400; do
      "$lorkd" --progress json transfer "$experts" --expert "$region" --task "$region" --plan "$out/plan.json" --scratch \
        --set "name=$organ" --set "seed=$seed" --set "tasks.$region.classes={\"$organ\":{}}" \
        --set "training.steps=$steps" --set "training.validate_every=$((steps / 8))" \
        --out "$out/runs/$organ-$steps-$seed" | tail -n 1 >"$out/transfer/$organ-$steps-$seed.json"
    done
  done
done
python3 - "$out/transfer" <<'PY'
import json, pathlib, statistics, sys

runs = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*-*-*.json")):
    organ, steps, seed = file.stem.split("-")
    runs.setdefault(int(steps), []).append((organ, seed, json.loads(file.read_text())))
test = lambda run: next(row["value"] for row in run["metrics"] if row["task"] == "mean")
for steps, found in sorted(runs.items()):
    print(f"{steps} steps: mean Dice of {len(found)} transfers   from the expert   from scratch   expert ahead")
    def line(what, value):
        pairs = [(value(run["transfer"]), value(run["scratch"])) for _, _, run in found]
        ahead = sum(a > b for a, b in pairs)
        print(f"  {what:34}{statistics.mean(a for a, _ in pairs):11.3f}"
              f"{statistics.mean(b for _, b in pairs):15.3f}{ahead:13} of {len(pairs)}")
    for i, point in enumerate(found[0][2]["transfer"]["validation"]):
        line(f"validation at step {point['step']:.0f}", lambda run: run["validation"][i]["mean"])
    line("test cases", test)
    for organ in sorted({organ for organ, _, _ in found}):
        pairs = [(test(r["transfer"]), test(r["scratch"])) for o, _, r in found if o == organ]
        print(f"    {organ:32}{statistics.mean(a for a, _ in pairs):11.3f}{statistics.mean(b for _, b in pairs):15.3f}")
PY
