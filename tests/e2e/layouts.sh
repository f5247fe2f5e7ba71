#!/usr/bin/env bash
# Data sets in the layouts of public ones: those that are said to be read with no work are read right.
. "$(dirname "$0")/common.sh"
python3 -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
python3 "$(dirname "$0")/../support/layouts.py" check "$LORKD" || fail "a layout is read worse than before"

# Labels that find no image are told by the last line and by the exit code.
apart=$WORK/apart
rm -rf "$apart"
python3 "$(dirname "$0")/../support/layouts.py" make kipa22 "$apart"
n=0
for labels in "$apart"/train/label/*; do n=$((n + 1)); mv "$labels" "$apart/train/label/drawn_$n$n.nii.gz"; done
rc=0
"$LORKD" scan "$apart" >"$apart/scan.txt" || rc=$?
[ "$rc" = 4 ] || fail "expected exit code 4 of a scan of which no label finds its image, got $rc"
tail -n 1 "$apart/scan.txt" | has 'no image has labels.* 3 label file' || fail "not told: $(cat "$apart/scan.txt")"
"$(dirname "$0")/../support/layouts.py" table | diff - "$(dirname "$0")/../../docs/data-sets.md" >&2 ||
  fail "docs/data-sets.md is not what tests/support/layouts.py table prints"
