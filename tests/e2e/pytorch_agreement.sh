#!/usr/bin/env bash
# Forward pass, gradients and optimiser steps of every backbone, held against networks of plain torch.nn.
#   TEST_PLUGIN=build/bin/test_plugin WORK=/tmp/agreement tests/e2e/pytorch_agreement.sh
set -euo pipefail
: "${TEST_PLUGIN:?set TEST_PLUGIN to the test program of the plugins}" "${WORK:?set WORK to a scratch folder}"
/usr/bin/python3 -c 'import torch' 2>/dev/null || { echo "SKIPPED: python3-torch is not installed"; exit 77; }
out=$WORK/pytorch_agreement
rm -rf "$out"
mkdir -p "$out"
LORKD_AGREEMENT=$out "$TEST_PLUGIN" --gtest_filter=Agreement.* >"$out/log.txt" || { cat "$out/log.txt"; exit 1; }
/usr/bin/python3 "$(dirname "$0")/pytorch_agreement.py" "$out"
rm -rf "$out"
echo "pytorch_agreement: passed"
