#!/usr/bin/env python3
"""Wilcoxon's signed-rank test, t quantiles and t intervals by scipy: the figures in tests/unit/eval/PairedTest.cpp.

Needs a virtual environment outside the tree; made with scipy 1.17.1:
    python3 -m venv ~/venv-peers
    ~/venv-peers/bin/pip install scipy
"""
import math

import numpy as np
import scipy.stats

# n, scale, offset, decimals: differences round(scale * sin(1.7 i + n) + offset, decimals) for i = 1 to n. Few decimals
# give ties and zeros.
CASES = [
    (5, 0.10, 0.03, 12),
    (6, 0.01, 0.02, 12),
    (9, 0.10, 0.02, 12),
    (12, 0.10, -0.04, 2),
    (25, 0.10, 0.03, 12),
    (26, 0.10, 0.03, 12),
    (40, 1.00, 0.30, 1),
    (60, 1.00, -0.10, 12),
    (8, 1.00, 0.00, 0),
]


def differences(n, scale, offset, decimals):
    raw = [(scale * math.sin(1.7 * i + n) + offset) * 10**decimals for i in range(1, n + 1)]
    assert all(abs(r - math.floor(r) - 0.5) > 1e-6 for r in raw) or decimals > 6, "rounding may decide"
    return np.array([math.copysign(math.floor(abs(r) + 0.5), r) for r in raw]) / 10**decimals


def number(value):
    return f"{value:.15g}"


print("// n, scale, offset, decimals, pairs, exact, statistic, p")
for case in CASES:
    d = differences(*case)
    left = d[d != 0]
    ties = len(set(np.abs(left))) < len(left)
    exact = len(left) <= 25 and not ties
    found = scipy.stats.wilcoxon(left, zero_method="wilcox", correction=True, method="exact" if exact else "asymptotic")
    if not exact:  # with its zeros scipy says the same
        whole = scipy.stats.wilcoxon(d, zero_method="wilcox", correction=True, method="asymptotic")
        assert whole.pvalue == found.pvalue and whole.statistic == found.statistic
    values = [*case, len(left), "true" if exact else "false", number(found.statistic), number(found.pvalue)]
    print("    {" + ", ".join(str(v) for v in values) + "},")

print("// degrees of freedom, share, quantile")
for freedom in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 101):
    for share in (0.95, 0.975, 0.995):
        print(f"    {{{freedom}, {share}, {number(scipy.stats.t.ppf(share, freedom))}}},")

print("// scores, t interval of the mean")
for n in (5, 9):
    d = differences(n, 0.1, 0.8, 12)
    low, high = scipy.stats.t.interval(0.95, n - 1, d.mean(), d.std(ddof=1) / math.sqrt(n))
    print(f"    {{{n}, {number(low)}, {number(high)}}},")
