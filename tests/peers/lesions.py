#!/usr/bin/env python3
"""Which lesions were found, by scipy: the figures of LesionScores in tests/unit/eval/SurfaceScoresTest.cpp. Blobs and
cases are those of surface_scores.py; a rule is an intersection over union (0: a voxel in common) and the smallest
number of voxels.

Made with scipy 1.17.1.
"""
import numpy as np
import scipy.ndimage

SHAPE = (18, 26, 30)  # D, H, W
# phase of truth and of prediction; threshold of truth and of prediction
CASES = [(0.00, 0.50, 0.9, 0.9), (0.30, 0.90, 0.6, 0.8), (0.70, 3.10, 1.5, 1.4), (2.00, 2.70, 1.2, 0.7)]
RULES = [(0, 0), (0.1, 0), (0.5, 0), (0, 60), (0.1, 60)]


def blobs(phase, threshold):
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in SHAPE), indexing="ij")
    value = (np.cos(0.55 * x + phase) + np.cos(0.47 * y - 2 * phase) + np.cos(0.61 * z + 0.5 * phase)
             + 0.5 * np.cos(0.23 * (x + y) - 0.31 * z + 3 * phase))
    assert np.abs(value - threshold).min() > 1e-9, "a voxel that rounding may decide"
    return value > threshold


def masks(mask):
    parts, count = scipy.ndimage.label(mask, np.ones((3, 3, 3)))
    return [parts == n + 1 for n in range(count)]


def fits(a, b, overlap):
    common = np.count_nonzero(a & b)
    return common > 0 and common / np.count_nonzero(a | b) >= overlap


def main():
    for phase_t, phase_p, threshold_t, threshold_p in CASES:
        lesions, predicted = masks(blobs(phase_t, threshold_t)), masks(blobs(phase_p, threshold_p))
        figures = []
        for overlap, smallest in RULES:
            large = [lesion for lesion in lesions if lesion.sum() >= smallest]
            found = sum(any(fits(p, lesion, overlap) for p in predicted) for lesion in large)
            false = sum(p.sum() >= smallest and not any(fits(p, lesion, overlap) for lesion in lesions)
                        for p in predicted)
            figures.append(f"{{{len(large)}, {found}, {false}}}")
        print(f"{{{phase_t}, {phase_p}, {threshold_t}, {threshold_p}, {{{', '.join(figures)}}}}},")


main()
