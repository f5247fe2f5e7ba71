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
echo "stop_pause: passed"
