# Counts the single tests in ctest's log: GoogleTest and Qt Test say how many they ran, any other program counts as one.
# A program that ended badly without naming a failed test (a crash, a time-out) counts as one failure.
# Variable `status`: ctest's own exit code.
/^[0-9]+\/[0-9]+ Test: / { passed = failed = skipped = 0; open = 1 }
open && /^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
open && /^\[  FAILED  \] [0-9]+ tests?, listed below/ { failed += $4 }
open && /^\[  SKIPPED \] [0-9]+ tests?, listed below/ { skipped += $4 }
open && /^Totals: [0-9]+ passed, / { passed += $2; failed += $4; skipped += $6 }
open && /^Test (Passed|Failed|Skipped|Timeout|Pass Reason|Not Run)/ {
  good = /^Test Pass/
  if (/^Test Skipped/) skipped = passed + failed + skipped > 0 ? skipped : 1
  else if (good && passed + failed + skipped == 0) passed = 1
  else if (!good && failed == 0) failed = 1
  all_passed += passed; all_failed += failed; all_skipped += skipped
  open = 0
}
END {
  if (open) all_failed++  # the log ends within a test
  if (status && !all_failed) all_failed = 1  # ctest failed otherwise, for example a program that is not there
  line = (all_passed + 0) " passed, " (all_failed + 0) " failed"
  if (all_skipped) line = line ", " all_skipped " skipped"
  print line
  exit all_failed > 0
}
