#!/usr/bin/env bash
# Bad input gets a clear error, and nothing is half-written.
. "$(dirname "$0")/common.sh"
demo=$WORK/demo
[ -s "$demo/plan.json" ] || fail "the small demo must run first"
bad=$WORK/bad
rm -rf "$bad"
mkdir -p "$bad/empty" "$bad/text"
echo hello >"$bad/text/readme.txt"

expect_error 'empty' "$LORKD" scan "$bad/empty"
expect_error 'none of the 1 files' "$LORKD" scan "$bad/text"
expect_error 'no such|not found|does not exist' "$LORKD" scan "$bad/nowhere"

# A truncated slice is named, and the case is not silently used.
cp -r "$demo/data" "$bad/data"
victim=$(find "$bad/data" -path '*CT*' -name '*.dcm' | sort | head -1)
truncate -s 60% "$victim" 2>/dev/null || truncate -s "$(($(stat -c %s "$victim") * 6 / 10))" "$victim"
"$LORKD" scan "$bad/data" >"$bad/scan.txt"
grep -q 'truncated' "$bad/scan.txt" || fail "the truncated slice is not reported"

# Labels of another geometry.
mkdir -p "$bad/nifti"
python3 - "$bad/nifti" <<'PY'
import sys
import nibabel, numpy
nibabel.save(nibabel.Nifti1Image(numpy.zeros((20, 20, 20), numpy.int16), numpy.eye(4)), sys.argv[1] + "/ct.nii.gz")
nibabel.save(nibabel.Nifti1Image(numpy.ones((10, 20, 20), numpy.uint8), numpy.eye(4)), sys.argv[1] + "/ct_labels.nii.gz")
PY
"$LORKD" scan "$bad/nifti" >"$bad/nifti.txt" 2>&1 || true
grep -qiE 'geometry|grid' "$bad/nifti.txt" || fail "labels of another geometry are not reported: $(cat "$bad/nifti.txt")"

# Plans.
plan=$demo/plan.json
expect_error 'tasks.head.rank.*1 to 256|1 to 256' "$LORKD" plan "$plan" --set tasks.head.rank=0
expect_error 'tasks.liver|no .liver' "$LORKD" plan "$plan" --set tasks.liver.rank=4
sed 's/"learning_rate"/"learnign_rate"/' "$plan" >"$bad/unknown.json"
expect_error 'learnign_rate' "$LORKD" plan "$bad/unknown.json"
head -c 200 "$plan" >"$bad/cut.json"
expect_error 'not valid JSON' "$LORKD" plan "$bad/cut.json"
expect_error 'unet9d|backbone' "$LORKD" plan "$plan" --set backbone.name=unet9d

# A run directory that cannot be written (a file stands in its way; root may write anywhere else).
touch "$bad/file"
expect_error 'folder|directory' "$LORKD" train "$plan" --out "$bad/file/run"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  mkdir -p "$bad/closed" && chmod 755 "$bad/closed"
  chmod o+rx "$WORK" "$bad" 2>/dev/null || true
  if setpriv --reuid 65534 --clear-groups test -r "$plan" -a -x "$LORKD"; then
    expect_error 'permission|Permission' setpriv --reuid 65534 --clear-groups "$LORKD" train "$plan" --out "$bad/closed/run"
  fi
  [ -z "$(ls -A "$bad/closed")" ] || fail "something was half-written"
fi

# A checkpoint of another plan.
mkdir -p "$bad/runs"
cp -r "$demo/runs/lorkd" "$bad/runs/lorkd"
cp "$demo/index.sqlite" "$bad/"
cp "$demo/runs/mtl/checkpoints/best.safetensors" "$bad/runs/lorkd/checkpoints/best.safetensors"
expect_error 'another plan|other plan|plan' "$LORKD" evaluate "$bad/runs/lorkd"
printf 'rubbish' >"$bad/runs/lorkd/checkpoints/best.safetensors"
expect_error 'safetensors' "$LORKD" export "$bad/runs/lorkd" --out "$bad/exported"
[ ! -e "$bad/exported" ] || [ -z "$(ls -A "$bad/exported")" ] || fail "an export was half-written"
# The run of another plan in the same folder.
expect_error 'another plan|other plan' "$LORKD" train "$plan" --set seed=99 --out "$demo/runs/lorkd"
echo "bad_input: passed"
