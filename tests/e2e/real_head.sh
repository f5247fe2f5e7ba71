#!/usr/bin/env bash
# The head CT of Debian's package invesalius-examples, where it is installed: written out as DICOM with SEG, scanned,
# two tasks trained with the upper part held out, experts exported and run in PyTorch.
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
archive=${CRANIUM:-/usr/share/doc/invesalius-examples/examples/Cranium.inv3}
[ -s "$archive" ] || skip "install invesalius-examples, or set CRANIUM to its Cranium.inv3"
out=$WORK/real_head
mkdir -p "$out"
[ -s "$out/labels.csv" ] || python3 "$here/cranium.py" "$archive" "$out"
[ -d "$out/dicom" ] || "$LORKD" dicom "$out/ct.nii.gz" --labels "$out/labels.nii.gz" --names "$out/labels.csv" \
  --body-part HEAD --out "$out/dicom"
"$LORKD" scan "$out/dicom"
cp "$here/real_head.plan.json" "$out/plan.json"
"$LORKD" train "$out/plan.json" ${SET:+--set "$SET"} --out "$out/runs/experts"
"$LORKD" predict "$out/runs/experts" --teacher
"$LORKD" export "$out/runs/experts"
for task in bone soft; do python3 "$here/run_expert.py" "$out/runs/experts/experts/$task"; done
echo "real_head: passed"
