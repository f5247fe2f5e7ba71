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
victim=$(find "$bad/data" -path '*CT*' -name '*.dcm' | sort | sed -n 1p)
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

# What cannot be read is listed and told by the exit code, and nobody waits for a pipe.
rc=0
mkfifo "$bad/nifti/pipe.nii.gz"
ln -s nowhere "$bad/nifti/link.nii.gz"
timeout 60 "$LORKD" scan "$bad/nifti" >"$bad/unread.txt" || rc=$?
[ "$rc" = 4 ] || fail "expected exit code 4 of a scan that could not read everything, got $rc"
has 'special-file.*pipe.nii.gz' "$bad/unread.txt" || fail "the pipe is not listed: $(cat "$bad/unread.txt")"
has 'broken-link.*link.nii.gz' "$bad/unread.txt" || fail "the link is not listed: $(cat "$bad/unread.txt")"
has '2 file(s) or folder(s) could not be read' "$bad/unread.txt" || fail "they are not counted"
"$LORKD" scan --help | has 'Exit codes:.*4 ' || fail "the help does not say what the exit code means"
rm "$bad/nifti/pipe.nii.gz" "$bad/nifti/link.nii.gz"

# Names do not command the terminal.
touch "$bad/nifti/"$'name\e]0;owned\a\e[31m\xe2\x80\xae\nunusable [forged].txt'
for style in bars json; do
  "$LORKD" --progress "$style" scan "$bad/nifti" >"$bad/names.txt" 2>&1
  ! LC_ALL=C has "$(printf '\x1b\\|\x07\\|\xe2\x80\xae')" "$bad/names.txt" || fail "a name reaches the terminal raw ($style)"
  ! has '^unusable .forged' "$bad/names.txt" || fail "a name makes a line of its own ($style)"
  has 'owned' "$bad/names.txt" || fail "the file is not listed ($style)"
done
for words in $'no\e[31m' "--no"$'\e[31m' "plan $bad/"$'no\e[31m'; do
  # shellcheck disable=SC2086
  text=$("$LORKD" $words 2>&1) && fail "there is nothing of this name"
  ! has $'\e' <<<"$text" || fail "an error shows a name raw: $words"
done
rm "$bad/nifti/"name*

# A table is found from the working folder and from the source's, and what is printed says it in a plan that lies
# anywhere.
mkdir -p "$bad/named/data/in" "$bad/named/other"
cp "$bad/nifti/ct.nii.gz" "$bad/named/data/in/a.nii.gz"
printf 'image\nin/a.nii.gz\n' >"$bad/named/data/list.csv"
cp "$bad/named/data/list.csv" "$bad/named/other/twice.csv"
cp "$bad/named/data/list.csv" "$bad/named/data/twice.csv"
(
  cd "$bad/named"
  for table in data/list.csv list.csv; do
    "$LORKD" --progress json scan data --table "$table" >scan.json || fail "the table $table is not found"
    python3 - <<'PY' || fail "what is printed is no plan"
import json, sys
told = [json.loads(line) for line in open("scan.json") if "cases" in line][-1]
assert len(told["cases"]) == 1 and told["layout"] == "table", told
assert told["source"]["layout"] == {"table": "list.csv"}, told
plan = {"data": {"sources": {"data": told["source"]}}, "tasks": {"t": {"classes": {"x": {}}}}}
json.dump(plan, open("other/plan.json", "w"))
PY
    "$LORKD" scan --plan other/plan.json --source data | has ' 1 images' || fail "the plan does not say the same"
  done
  cd other
  expect_error 'two files of this name' "$LORKD" scan ../data --table twice.csv
)

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
# Weights that ask for a command: named, not run; and an archive that would leave its folder.
python3 - "$bad" <<'PY'
import os
import sys
import zipfile
import torch
class Command:
    def __reduce__(self):
        return os.system, ("touch " + sys.argv[1] + "/was-run",)
torch.save({"state_dict": {"a": torch.ones(2)}, "epoch": Command()}, sys.argv[1] + "/command.pth")
torch.save({"state_dict": {"a": torch.ones(2)}, "epoch": 3}, sys.argv[1] + "/good.pth")
with zipfile.ZipFile(sys.argv[1] + "/outside.zip", "w") as archive:
    archive.writestr("model/plans.json", "{}")
    archive.writestr("../outside", "x")
PY
expect_error 'asks for posix.system' "$LORKD" inspect "$bad/command.pth"
[ ! -e "$bad/was-run" ] || fail "a command in weights was run"
expect_error "leads out of the archive" "$LORKD" inspect "$bad/outside.zip" --unpack "$bad/unpacked"
[ ! -e "$bad/unpacked" ] && [ ! -e "$bad/outside" ] || fail "something of a refused archive was left"
"$LORKD" inspect "$bad/good.pth" | has "at 'state_dict'" || fail "plain weights are not read"
echo "bad_input: passed"
