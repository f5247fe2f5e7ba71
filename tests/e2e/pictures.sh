#!/usr/bin/env bash
# The 2D path: pictures in folders and in an .npz archive, three classification tasks, ShuffleNetV2, in grey and in colour.
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
out=$WORK/pictures
rm -rf "$out"
"$LORKD" phantom "$out" --patients 0 --pictures 400
"$LORKD" scan "$out/pictures" >"$out/scan.txt"
cp "$here/pictures.plan.json" "$out/plan.json"
"$LORKD" train "$out/plan.json" --out "$out/runs/grey"
python3 - "$out/runs/grey/metrics.json" <<'PY' || fail "accuracy of the experts"
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
accuracy = {r["task"]: r["value"] for r in rows if r["metric"] == "accuracy" and "case" not in r}
print(accuracy)
assert set(accuracy) == {"shape", "corners", "archive", "mean"}, accuracy
# Chance is a third, a half (two thirds for the larger class) and a third.
assert accuracy["shape"] > 0.5 and accuracy["corners"] > 0.7 and accuracy["archive"] > 0.5, accuracy
PY
"$LORKD" export "$out/runs/grey"
"$LORKD" train "$out/plan.json" --set data.channels=rgb --set training.steps=4 --set teacher.steps=4 --out "$out/runs/rgb"
"$LORKD" export "$out/runs/rgb"
if python3 -c 'import torch' 2>/dev/null; then
  for run in grey rgb; do
    for task in shape corners archive; do python3 "$here/run_expert.py" "$out/runs/$run/experts/$task"; done
  done
fi
expect_error 'data.channels' "$LORKD" plan "$WORK/demo/plan.json" --set data.channels=rgb
echo "pictures: passed"
