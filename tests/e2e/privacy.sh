#!/usr/bin/env bash
# Nothing that tells of a patient leaves the data and the index: names, ids, dates, UIDs and file names of a clinic's
# series are looked for in every file that a project comes to hold.
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
python3 -c 'import pydicom' 2>/dev/null || skip "python3-pydicom is not installed"
privacy() { /usr/bin/python3 "$here/../support/privacy.py" "$@"; }
out=$WORK/privacy
rm -rf "$out"
"$LORKD" phantom "$out/project/clinic" --patients 9 --resolution 0.5
privacy mark "$out/project/clinic"
cat >"$out/project/plan.json" <<'PLAN'
{"name": "private", "data": {"sources": {"ct": {"path": "clinic"}}, "split": {"validation": 0.34, "test": 0.34}},
 "tasks": {"head": {"classes": {"brain": {}}, "rank": 2}, "thorax": {"classes": {"lungs": {}}, "rank": 2}},
 "backbone": {"name": "unet3d"}, "conflict": {"enabled": true},
 "teacher": {"source": "train", "backbone": {"name": "unet3d"}}}
PLAN
cd "$out/project"
"$LORKD" audit plan.json "${small[@]}" --index index.sqlite --html audit.html >"$out/audit.txt"
grep -q 'burned-in' "$out/audit.txt" || fail "burned-in annotations are not reported"
grep -q 'private-elements' "$out/audit.txt" || fail "private elements are not reported"
grep -q 'burned-in' audit.html || fail "burned-in annotations are not on the page"
if grep "<div class='image" audit.html | grep 'burned-in' | has '<img'; then fail "a picture with burned-in annotations"; fi
grep "<div class='image" audit.html | has '<img' || fail "no pictures on the page"
"$LORKD" --discreet train plan.json "${small[@]}" --out runs/private >train.log 2>&1
"$LORKD" evaluate runs/private >/dev/null
"$LORKD" predict runs/private --teacher --seg runs/private/segmentations >/dev/null
"$LORKD" predict runs/private --seg again >/dev/null
"$LORKD" export runs/private >/dev/null
[ -s runs/private/report.html ] || fail "no report"
privacy search clinic . || fail "identities in files of the project"
privacy segmentations again runs/private/segmentations || fail "pseudonyms of segmentations"
# The same image from outside gets the same pseudonyms, and the wish to be identified is granted outside of the run only.
expect_error "may not lie in a run" "$LORKD" predict runs/private --seg runs/private/named --identified
expect_error "may not lie in a run" "$LORKD" predict runs/private --input clinic --out runs/private/foreign
"$LORKD" predict runs/private --input clinic --out "$out/foreign" --seg "$out/foreign-seg" >/dev/null
privacy segmentations again "$out/foreign-seg" || fail "pseudonyms of foreign segmentations"
privacy search clinic "$out/foreign-seg" || fail "identities in foreign segmentations"
"$LORKD" predict runs/private --seg "$out/named" --identified >/dev/null
named=$(privacy search clinic "$out/named" || true)
files=$(find "$out/named" -name '*.dcm' | wc -l)
[ "$files" -gt 0 ] && grep -q "$files with one of them" <<<"$named" || fail "identified segmentations: $named"
# A run that fails says why, but not whose file it was: libraries put paths into their messages.
python3 - "$out/failing" <<'FILES'
import gzip, os, sys
import numpy as np
for n in range(6):
    home = os.path.join(sys.argv[1], "clinic", "Zebrowska_Odalys")
    os.makedirs(home, exist_ok=True)
    voxels = np.random.default_rng(n).integers(0, 900, (20, 20, 20), dtype="i2")
    for name, values, kind in ((f"Odalys{n}.nrrd", voxels, "short"), (f"Odalys{n}_seg.nrrd", (voxels > 600).astype("i2"), "short")):
        packed = gzip.compress(values.tobytes())
        if n == 0 and "seg" not in name:
            packed = packed[:len(packed) // 2]
        header = (f"NRRD0004\ntype: {kind}\ndimension: 3\nspace: left-posterior-superior\nsizes: 20 20 20\nspace directions: "
                  "(9,0,0) (0,9,0) (0,0,9)\nspace origin: (0,0,0)\nendian: little\nencoding: gzip\n\n")
        with open(os.path.join(home, name), "wb") as file:
            file.write(header.encode() + packed)
FILES
cat >"$out/failing/plan.json" <<'PLAN'
{"name": "failing", "data": {"sources": {"ct": {"path": "clinic"}}, "split": {"validation": 0.34, "test": 0.34}},
 "tasks": {"bright": {"classes": {"bright": {"labels": ["1"]}}, "rank": 2}}, "backbone": {"name": "unet3d"},
 "conflict": {"enabled": false}, "teacher": {"source": "none"}, "losses": {"transfer": 0}}
PLAN
cd "$out/failing"
expect_error "Odalys0.nrrd" "$LORKD" train plan.json "${small[@]}" --out runs/failing
grep -q '"failed"' runs/failing/status.json || fail "the run did not fail: $(cat runs/failing/status.json)"
# What the window and studies keep of a training's words lies in the run.
"$LORKD" --discreet train runs/failing >runs/failing/trainer.log 2>&1 && fail "the run does not fail again"
has '^error: case-[0-9a-f]*: ' runs/failing/trainer.log || fail "no case in: $(cat runs/failing/trainer.log)"
has 'case-[0-9a-f]*: ' runs/failing/status.json || fail "no case in: $(cat runs/failing/status.json)"
if grep -rli 'odalys' runs; then fail "the failed run names a patient's file: $(cat runs/failing/status.json)"; fi
# The project of the demo, too.
privacy search "$WORK/demo/data" "$WORK/demo" || fail "identities in files of the demo"
echo "privacy: passed"
