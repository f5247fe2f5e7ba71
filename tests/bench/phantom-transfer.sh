#!/usr/bin/env bash
# Transfer to organs that an expert has never seen: experts are trained without eyes, aorta and stomach; then each learns
# the missing organ of its region, beside a network of the same size from scratch, at equal steps. Three seeds, of which
# each has its own experts and its own test patients. The tables are those of `lorkd transfer --scratch`. Half an hour
# on two cores; goes on where it was cut off.
#   tests/bench/phantom-transfer.sh build/bin/lorkd OUT     (OUT may be the folder of phantom-study.sh)
set -euo pipefail
lorkd=$1 out=$2
[ -s "$out/plan.json" ] || "$lorkd" demo --out "$out" --patients 36 --data-only
for seed in 1 2 3; do
  experts=$out/runs/without-three-organs-$seed
  "$lorkd" train "$out/plan.json" --set "name=without three organs" --set "seed=$seed" --set teacher.source=none \
    --set training.steps=2000 --set 'tasks.head.classes={"brain":{},"ventricles":{},"skull":{}}' \
    --set 'tasks.thorax.classes={"lungs":{},"heart":{},"vertebrae":{}}' \
    --set 'tasks.abdomen.classes={"liver":{},"spleen":{},"kidneys":{}}' --out "$experts"
  for pair in head:eyes thorax:aorta abdomen:stomach; do
    region=${pair%:*} organ=${pair#*:}
    echo "$organ, seed $seed"
    "$lorkd" transfer "$experts" --expert "$region" --task "$region" --plan "$out/plan.json" --scratch \
      --set "name=$organ" --set "seed=$seed" --set "tasks.$region.classes={\"$organ\":{}}" \
      --set training.steps=400 --set training.validate_every=50 --out "$out/runs/$organ-$seed"
  done
done
