# Shared by the end-to-end tests. They go through the built programs as a user does.
#   LORKD  path of the lorkd program        WORK  folder for this test run (kept between tests of one ctest call)
set -euo pipefail
: "${LORKD:?set LORKD to the lorkd program}" "${WORK:?set WORK to a scratch folder}"
# Debian's own Python has the judges (nibabel, pydicom, torch), whatever else is in the path.
python3() { /usr/bin/python3 "$@"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }
# has PATTERN...: as grep, reading to the end: grep -q would cut off whoever writes, which counts as a failure here.
has() { grep "$@" >/dev/null; }
# A plan small enough for a test; more --set arguments may follow.
small=(--set training.steps=12 --set teacher.steps=8 --set training.validate_every=6 --set training.checkpoint_every=3
  --set "backbone.widths=[4,8]" --set "teacher.backbone.widths=[6,12]" --set "data.spacing=[10,10,10]"
  --set "data.patch=[16,16,16]" --set training.batch=3 --set conflict.every=3 --set threads=2)
# expect_error PATTERN COMMAND...: the command fails with exit code 1 and says PATTERN.
expect_error() {
  local pattern=$1; shift
  local text rc=0
  text=$("$@" 2>&1) || rc=$?
  [ "$rc" = 1 ] || fail "expected exit code 1, got $rc from: $* : $text"
  grep -qiE -- "$pattern" <<<"$text" || fail "expected /$pattern/ from: $* : $text"
}
