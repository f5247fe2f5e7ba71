#!/usr/bin/env bash
# The whole path in small: phantoms, scan, teacher, baseline, experts, report, export; then other tools read the results.
. "$(dirname "$0")/common.sh"
here=$(dirname "$0")
out=$WORK/demo
rm -rf "$out"
"$LORKD" demo --out "$out" --patients 9 "${small[@]}"
for f in report.html results.csv index.sqlite runs/lorkd/events.jsonl runs/lorkd/metrics.json; do
  [ -s "$out/$f" ] || fail "$f is missing"
done
head -1 "$out/results.csv" | has '^task,method,metric,value' || fail "header of results.csv"
for method in expert mtl teacher; do
  grep -q "^mean,$method,dice," "$out/results.csv" || fail "no mean Dice of $method"
done
for task in head thorax abdomen; do
  for f in expert.ts expert.safetensors manifest.json; do
    [ -s "$out/experts/$task/$f" ] || fail "experts/$task/$f is missing"
  done
done
# Conflict is logged for every adapted layer, with a T×T matrix.
grep -q '"kind":"conflict"' "$out/runs/lorkd/events.jsonl" || fail "no conflict events"
# No name or id of a patient leaves the index and the source data.
if grep -rIlE 'PHANTOM-00|Phantom\^' "$out" --include='*.json' --include='*.jsonl' --include='*.html' --include='*.csv'; then
  fail "patient names or ids outside the index"
fi
# A second call finds everything done.
"$LORKD" demo --out "$out" --patients 9 "${small[@]}" >"$WORK/again.txt" 2>&1
[ "$(grep -c 'trained already' "$WORK/again.txt")" = 3 ] || fail "the demo trains twice"

"$LORKD" predict "$out/runs/lorkd" --teacher >"$WORK/predicted.txt"
[ "$(wc -l <"$WORK/predicted.txt")" -ge 6 ] || fail "too few predictions"
# The manifest's digests are those of the files.
(cd "$out/experts/head" && python3 - <<'PY'
import hashlib, json
manifest = json.load(open("manifest.json"))
assert 0 <= manifest["parity"] <= 1e-5, manifest["parity"]
for name, digest in manifest["files"].items():
    assert hashlib.sha256(open(name, "rb").read()).hexdigest() == digest, name
PY
) || fail "manifest"
if python3 -c 'import torch' 2>/dev/null; then
  python3 "$here/run_expert.py" "$out/experts/head" || fail "python3-torch cannot run the expert"
fi
# An expert learns an organ of its region that it has not seen, and the same from scratch beside it: both on the same
# patients, and tested on none that the expert has learnt from.
"$LORKD" transfer "$out/runs/lorkd" --expert abdomen --task abdomen --plan "$out/plan.json" "${small[@]}" --scratch \
  --set 'tasks.abdomen.classes={"vertebrae":{}}' --out "$out/runs/vertebrae" >"$WORK/transfer.txt"
grep -q '^test cases ' "$WORK/transfer.txt" || fail "no comparison of transfer and scratch"
(cd "$out/runs" && python3 - <<'PY'
import json
def patients(run):
    cases = [c for c in json.load(open(run + "/cases.json"))["cases"] if c["tasks"]]
    return {s: {c["case"]["patient"] for c in cases if c["split"] == s} for s in ("train", "validation", "test")}
expert, transfer, scratch = patients("lorkd"), patients("vertebrae"), patients("vertebrae-scratch")
assert transfer == scratch, (transfer, scratch)
assert transfer["test"] and not transfer["test"] & (expert["train"] | expert["validation"]), (expert, transfer)
PY
) || fail "patients of the transfer"
# The audit of a run shows the run's own division.
"$LORKD" --progress json audit "$out/runs/vertebrae" --headers >"$WORK/audit-run.jsonl"
python3 - "$out/runs/vertebrae/cases.json" "$WORK/audit-run.jsonl" <<'PY' || fail "the audit of a run divides otherwise"
import json, sys
run = {c["case"]["id"]: c["split"] for c in json.load(open(sys.argv[1]))["cases"] if c["tasks"]}
images = [json.loads(line) for line in open(sys.argv[2])][-1]["images"]
assert run == {i["case"]["id"]: i["split"] for i in images if i["tasks"]}, (run, images)
PY
expect_error "frozen" "$LORKD" audit "$out/runs/vertebrae" --set seed=4
# A scratch run on other patients is not compared with it.
"$LORKD" train "$out/plan.json" "${small[@]}" --set 'tasks={"abdomen":{"body_parts":["ABDOMEN"],"classes":{"liver":{}}}}' \
  --set method=mtl --set teacher.source=none --set conflict.enabled=false --out "$out/runs/liver-scratch" >/dev/null
expect_error "on other patients than those of the transfer" "$LORKD" transfer "$out/runs/lorkd" --expert abdomen \
  --task abdomen --plan "$out/plan.json" "${small[@]}" --scratch --set 'tasks.abdomen.classes={"liver":{}}' \
  --set 'tasks.abdomen.rank=4' --out "$out/runs/liver"
# With nobody left to test on it is refused, and nothing is frozen.
"$LORKD" train "$out/plan.json" "${small[@]}" --set data.split.test=0 --set teacher.source=none --out "$out/runs/all" >/dev/null
expect_error "the expert has learnt from patient-" "$LORKD" transfer "$out/runs/all" --expert abdomen --task abdomen \
  --plan "$out/plan.json" "${small[@]}" --out "$out/runs/refused"
[ ! -e "$out/runs/refused/cases.json" ] || fail "the division of a refused run is frozen"
if python3 -c 'import nibabel, pydicom' 2>/dev/null; then
  python3 "$here/check_affine.py" "$out" || fail "geometry of the predictions"
fi
echo "demo_small: passed"
