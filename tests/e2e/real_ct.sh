#!/usr/bin/env bash
# Real patients, where the data is: REAL_CT names a folder with ct.nii.gz, labels.nii.gz and labels.csv (a CT of the
# abdomen and pelvis with named structures). It is written out as DICOM with SEG by the project's own writers, scanned,
# four tasks are trained with the upper part held out, and the experts are exported and run in PyTorch.
#   REAL_CT=FOLDER LORKD=build/bin/lorkd WORK=/tmp/real tests/e2e/real_ct.sh
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${REAL_CT:-}" ] && [ -s "$REAL_CT/ct.nii.gz" ] || skip "set REAL_CT to the folder of the CT"
out=$WORK/real_ct
mkdir -p "$out"
[ -d "$out/dicom" ] || "$LORKD" dicom "$REAL_CT/ct.nii.gz" --labels "$REAL_CT/labels.nii.gz" --names "$REAL_CT/labels.csv" \
  --body-part ABDOMEN --out "$out/dicom"
if command -v dciodvfy >/dev/null; then
  for f in "$(find "$out/dicom" -path '*CT*' -name '*.dcm' | head -1)" "$(find "$out/dicom" -name 'SEG*.dcm' | head -1)"; do
    dciodvfy "$f" 2>&1 | has '^Error' && fail "dciodvfy finds errors in $f"
  done
fi
"$LORKD" scan "$out/dicom"
cp "$here/real_ct.plan.json" "$out/plan.json"
"$LORKD" train "$out/plan.json" ${SET:+--set "$SET"} --out "$out/runs/experts"
"$LORKD" predict "$out/runs/experts" --teacher
"$LORKD" export "$out/runs/experts"
for task in organs spine pelvis gluteal; do python3 "$here/run_expert.py" "$out/runs/experts/experts/$task"; done
echo "real_ct: passed"
