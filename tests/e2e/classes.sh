#!/usr/bin/env bash
# Volumes that a table calls "AD" or "CN", and have one of two findings, both or none: scanned, learnt, scored, predicted.
. "$(dirname "$0")/common.sh"
out=$WORK/classes
rm -rf "$out"
mkdir -p "$out"
support=$(cd "$(dirname "$0")/../support" && pwd)
python3 -c 'import numpy' 2>/dev/null || skip "no numpy"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$support python3 - "$out/data" <<'PY'
import sys
from pathlib import Path
import numpy as np
from layouts.writers import noise, table, volume
out, rows = Path(sys.argv[1]), []
for n in range(40):
    ad, cyst = n % 2, n // 2 % 2
    voxels = noise(n).integers(0, 100, (16, 16, 16))
    voxels[4:12, 4:12, 4:12] += 300 * ad
    voxels[:, :, :3] += 400 * cyst
    name = f"p{n:03}.nii.gz"
    volume(out / "volumes" / name, voxels.astype("int16"), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    rows.append((name, ("CN", "AD")[ad], ad, "" if n == 7 else cyst, ("train", "test", "train", "validation", "train")[n // 4 % 5]))
table(out / "labels.csv", "file,diagnosis,dementia,cyst,split", rows)
PY
"$LORKD" scan "$out/data" >"$out/scan.txt"
has 'AD (20)' <"$out/scan.txt" || fail "labels of whole volumes are told"
cat >"$out/plan.json" <<'JSON'
{"name": "classes", "threads": 2, "data": {"sources": {"s": {"path": "data"}}, "spacing": [4, 4, 4], "patch": [8, 8, 8]},
 "tasks": {"who": {"kind": "classification_3d", "classes": {"CN": {}, "AD": {}}, "rank": 2},
           "what": {"kind": "classification_3d", "classes": {"dementia": {}, "cyst": {}}, "rank": 2}},
 "backbone": {"name": "encoder3d", "widths": [6, 12]}, "teacher": {"source": "none"}, "conflict": {"enabled": false},
 "training": {"steps": 120, "batch": 8, "learning_rate": 0.01, "warmup": 2, "validate_every": 120, "checkpoint_every": 120}}
JSON
"$LORKD" train "$out/plan.json" --out "$out/runs/one"
"$LORKD" predict "$out/runs/one"
python3 - "$out/runs/one" <<'PY' || fail "what was learnt"
import csv, json, sys
from pathlib import Path
run = Path(sys.argv[1])
rows = json.load(open(run / "metrics.json"))["rows"]
auc = {r["task"]: r["value"] for r in rows if r["metric"] == "auc"}
print(auc)
assert auc["who"] > 0.95 and auc["what"] > 0.85, auc  # of 8 volumes
who = list(csv.DictReader(open(run / "predictions/who.csv")))
assert len(who) == 8 and all(abs(float(r["CN"]) + float(r["AD"]) - 1) < 1e-6 for r in who), who
what = list(csv.DictReader(open(run / "predictions/what.csv")))
assert {r["answer"] for r in what} <= {"", "dementia", "cyst", "dementia|cyst"}, what
PY
"$LORKD" predict "$out/runs/one" --input "$out/data/volumes/p007.nii.gz" --out "$out/one"
has 'p007,' <"$out/one/what.csv" || fail "a volume by itself"
"$LORKD" export "$out/runs/one"
expect_error 'outputs' "$LORKD" plan "$out/plan.json" --set 'tasks.what.classes={"cyst":{}}'
echo "classes: passed"
