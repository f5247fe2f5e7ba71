#!/usr/bin/env bash
# SIGTERM stops with a checkpoint and exit code 3; control.json pauses, resumes and stops.
. "$(dirname "$0")/common.sh"
demo=$WORK/demo
[ -s "$demo/plan.json" ] || fail "the small demo must run first"
project=$WORK/stop
rm -rf "$project"
mkdir -p "$project"
cp "$demo/index.sqlite" "$project/"
run=$project/runs/r
"$LORKD" train "$demo/plan.json" --set training.steps=5000 --set teacher.source=none --set losses.transfer=0 --out "$run" >/dev/null 2>&1 &
pid=$!
wait_for() { for _ in $(seq 400); do eval "$1" && return 0; sleep 0.05; done; fail "waited in vain for: $1"; }
steps() { cat "$run/events.jsonl" 2>/dev/null | grep -c '"kind":"step"' || true; }
wait_for '[ "$(steps)" -ge 3 ]'
expect_error 'other process|another process|already|holds' "$LORKD" resume "$run"
echo '{"commands":[{"number":1,"command":"pause"}]}' >"$run/control.json"
wait_for 'grep -q "\"paused\"" "$run/status.json"'
before=$(steps); sleep 0.5
[ "$(steps)" -le $((before + 1)) ] || fail "it goes on while paused"
echo '{"commands":[{"number":1,"command":"pause"},{"number":2,"command":"resume"}]}' >"$run/control.json"
wait_for '[ "$(steps)" -gt '"$((before + 2))"' ]'
kill -TERM $pid
rc=0; wait $pid || rc=$?
[ "$rc" = 3 ] || fail "exit code $rc after SIGTERM"
[ -s "$run/checkpoints/last.safetensors" ] || fail "no checkpoint after the stop"
grep -q '"interrupted"' "$run/status.json" || fail "status after the stop"
# Who cannot wait for the end of a step, here a long one, sends a second signal; what is on disk goes on from there.
slow=$project/runs/slow
"$LORKD" train "$demo/plan.json" --set training.steps=5 --set training.batch=400 --set teacher.source=none \
  --set losses.transfer=0 --out "$slow" >/dev/null 2>&1 &
pid=$!
wait_for 'grep -q "\"phase\":\"training\"" "$slow/events.jsonl" 2>/dev/null'; sleep 0.2
kill -TERM $pid; sleep 0.2
kill -0 $pid 2>/dev/null || fail "the step was too short to try a second signal"
kill -TERM $pid
rc=0; wait $pid || rc=$?
[ "$rc" = 143 ] || fail "exit code $rc after the second SIGTERM"
# A stop also reaches the teacher that a run trains first, and the run goes on from there.
taught=$project/runs/taught
"$LORKD" train "$demo/plan.json" --set teacher.source=train --set teacher.steps=5000 --out "$taught" >/dev/null 2>&1 &
pid=$!
wait_for 'grep -q "\"step\": [1-9]" "$taught/status.json" 2>/dev/null && grep -q teacher "$taught/status.json"'
echo '{"commands":[{"number":1,"command":"stop"}]}' >"$taught/control.json"
rc=0; wait $pid || rc=$?
[ "$rc" = 3 ] || fail "exit code $rc after a stop while the teacher trains"
grep -q '"interrupted"' "$taught/status.json" || fail "status after the stop"
grep -q '"interrupted"' "$taught/teacher/status.json" || fail "status of the teacher after the stop"
[ -s "$taught/teacher/checkpoints/last.safetensors" ] || fail "no checkpoint of the teacher"
# A teacher that learnt from this run's test patients is refused.
expect_error 'test patient' "$LORKD" train "$demo/plan.json" --set seed=11 --set teacher.source=checkpoint \
  --set "teacher.checkpoint=$taught/teacher" --out "$project/runs/leak"
# A training that learns nothing ends after the validations that training.patience grants, and says at which step.
early=$project/runs/early
"$LORKD" train "$demo/plan.json" --set training.steps=5000 --set training.learning_rate=1e-9 --set training.patience=2 \
  --set training.validate_every=2 --set teacher.source=none --set losses.transfer=0 --out "$early" >/dev/null 2>&1 \
  || fail "a training that ends early fails"
grep -q '"finished"' "$early/status.json" && grep -q '"step": 6,' "$early/status.json" \
  || fail "status after an early end: $(cat "$early/status.json")"
# A run whose report cannot be written is not finished, and is once it can.
rm "$early/report.html" && mkdir -p "$early/report.html/in the way"
expect_error 'report.html' "$LORKD" resume "$early"
grep -q '"failed"' "$early/status.json" || fail "status without a report: $(cat "$early/status.json")"
rm -r "$early/report.html"
"$LORKD" resume "$early" >/dev/null 2>&1 || fail "resuming for the report alone"
grep -q '"finished"' "$early/status.json" && grep -q 'state finished' "$early/report.html" || fail "the report after all"
echo "stop_pause: passed"
