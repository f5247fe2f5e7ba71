#!/usr/bin/env bash
# kill -9 in the middle and resume: the checkpoint at the end equals, byte for byte, that of an undisturbed run.
. "$(dirname "$0")/common.sh"
demo=$WORK/demo
[ -s "$demo/plan.json" ] || fail "the small demo must run first"
project=$WORK/kill
rm -rf "$project"
mkdir -p "$project"
cp "$demo/index.sqlite" "$project/"
more=(--set training.steps=40 --set training.checkpoint_every=4 --set training.validate_every=20
  --set teacher.source=checkpoint --set "teacher.checkpoint=$demo/runs/teacher" --log warn)
"$LORKD" train "$demo/plan.json" "${more[@]}" --out "$project/runs/whole" >/dev/null
for attempt in 1 2 3; do
  "$LORKD" train "$demo/plan.json" "${more[@]}" --out "$project/runs/broken" >/dev/null 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    step=$(grep -c '"kind":"step"' "$project/runs/broken/events.jsonl" 2>/dev/null || true)
    [ "${step:-0}" -ge $((attempt * 9)) ] && break
    kill -0 $pid 2>/dev/null || break
    sleep 0.05
  done
  kill -9 $pid 2>/dev/null || fail "it ended before it could be killed"
  wait $pid 2>/dev/null || true
done
"$LORKD" resume "$project/runs/broken" >/dev/null
cmp "$project/runs/whole/checkpoints/last.safetensors" "$project/runs/broken/checkpoints/last.safetensors" ||
  fail "the resumed run has other weights"
cmp "$project/runs/whole/checkpoints/best.safetensors" "$project/runs/broken/checkpoints/best.safetensors" ||
  fail "the resumed run has another best checkpoint"
# The log reads as if nothing had happened: every step once.
steps=$(grep '"kind":"step"' "$project/runs/broken/events.jsonl" | grep -o '"step":[0-9]*' | sort | uniq | wc -l)
lines=$(grep -c '"kind":"step"' "$project/runs/broken/events.jsonl")
[ "$steps" = 40 ] && [ "$lines" = 40 ] || fail "the log has $lines step lines for $steps steps"
echo "kill_resume: passed"
