#!/usr/bin/env bash
# Data sets in the layouts of public ones: those that are said to be read with no work are read right.
. "$(dirname "$0")/common.sh"
python3 -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
python3 "$(dirname "$0")/../support/layouts.py" check "$LORKD" || fail "a layout is read worse than before"
"$(dirname "$0")/../support/layouts.py" table | diff - "$(dirname "$0")/../../docs/data-sets.md" >&2 ||
  fail "docs/data-sets.md is not what tests/support/layouts.py table prints"
