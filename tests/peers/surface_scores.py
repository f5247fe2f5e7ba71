#!/usr/bin/env python3
"""Surface scores of blobs by MONAI and surface-distance, lesions by scipy: the figures in
tests/unit/eval/SurfaceScoresTest.cpp.

Needs a virtual environment outside the tree; made with monai 1.3.2, torch 1.13, scipy 1.10.1, surface-distance 0.1:
    python3 -m venv --system-site-packages ~/venv-peers
    ~/venv-peers/bin/pip install --no-deps monai==1.3.2 surface-distance absl-py
"""
import warnings

import numpy as np
import scipy.ndimage
import torch

warnings.filterwarnings("ignore")
np.Inf = np.inf  # surface-distance 0.1 wants the old name

from monai.metrics import compute_hausdorff_distance, compute_surface_dice  # noqa: E402
from surface_distance import metrics as deepmind  # noqa: E402

SHAPE = (18, 26, 30)  # D, H, W
TOLERANCE = 2.0  # mm
# spacing of x, y, z in mm; phase of truth and of prediction; threshold of truth and of prediction
CASES = [
    ((1.0, 1.0, 1.0), 0.00, 0.50, 0.9, 0.9),
    ((0.7, 0.8, 3.0), 0.30, 0.90, 0.6, 0.8),
    ((1.5, 1.5, 5.0), 1.10, 1.40, 0.3, 0.2),
    ((2.0, 0.5, 1.25), 2.00, 2.70, 1.2, 0.7),
    ((0.9, 0.9, 2.5), 0.70, 3.10, 1.5, 1.4),
]


def blobs(phase, threshold):
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in SHAPE), indexing="ij")
    value = (np.cos(0.55 * x + phase) + np.cos(0.47 * y - 2 * phase) + np.cos(0.61 * z + 0.5 * phase)
             + 0.5 * np.cos(0.23 * (x + y) - 0.31 * z + 3 * phase))
    assert np.abs(value - threshold).min() > 1e-9, "a voxel that rounding may decide"
    return value > threshold


def main():
    neighbours = np.ones((3, 3, 3))
    for spacing, phase_t, phase_p, threshold_t, threshold_p in CASES:
        truth, predicted = blobs(phase_t, threshold_t), blobs(phase_p, threshold_p)
        of_axes = spacing[::-1]
        p, t = (torch.from_numpy(m)[None, None].float() for m in (predicted, truth))
        nsd = compute_surface_dice(p, t, [TOLERANCE], include_background=True, spacing=of_axes).item()
        hd95 = compute_hausdorff_distance(p, t, include_background=True, percentile=95, spacing=of_axes).item()
        volume = (int(predicted.sum()) - int(truth.sum())) * np.prod(spacing) / 1000
        surfaces = deepmind.compute_surface_distances(truth, predicted, of_axes)
        lesions, count_t = scipy.ndimage.label(truth, neighbours)
        found, count_p = scipy.ndimage.label(predicted, neighbours)
        hits = len(set(np.unique(lesions[predicted])) - {0})
        false = count_p - len(set(np.unique(found[truth])) - {0})
        print(f"{{{{{spacing[0]}, {spacing[1]}, {spacing[2]}}}, {phase_t}, {phase_p}, {threshold_t}, {threshold_p}, "
              f"{nsd:.7g}, {hd95:.7g}, {volume:.7g}, "
              f"{deepmind.compute_surface_dice_at_tolerance(surfaces, TOLERANCE):.7g}, "
              f"{deepmind.compute_robust_hausdorff(surfaces, 95):.7g}, {count_t}, {hits}, {false}}},")


main()
