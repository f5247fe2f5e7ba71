#!/usr/bin/env bash
# The phantom study: experts of at most a fifth of the teacher's parameters beside the shared network without experts
# and the teacher, three seeds each, on 12 phantoms a region. About an hour on two cores; goes on where it was cut off.
# The steps matter: three experts share each batch, and at 2000 steps they were still behind both of the others.
#   tests/bench/phantom-study.sh build/bin/lorkd OUT [lorkd study's OPTIONS]
set -euo pipefail
lorkd=$1 out=$2
shift 2
[ -s "$out/plan.json" ] || "$lorkd" demo --out "$out" --patients 36 --data-only
"$lorkd" study "$out/plan.json" --set "name=phantom study" --set "teacher.backbone.widths=[16,40,72]" \
  --set training.steps=4000 --set teacher.steps=1600 --methods lorkd,mtl,teacher --seeds 1,2,3 --out "$out/runs" "$@"
