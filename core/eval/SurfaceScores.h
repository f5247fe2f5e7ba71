// How far the surfaces of two masks lie apart, how their volumes differ, and which lesions were found.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <optional>

namespace lorkd::eval {

inline constexpr double kSurfaceTolerance = 2;  ///< mm

struct SurfaceScores {
  std::optional<double> nsd;    ///< 0 to 1: none if the truth is empty, 0 if the prediction alone is
  std::optional<double> hd95;   ///< mm; none if either is empty
  double volumeDifference = 0;  ///< ml, prediction minus truth
  bool missed = false;          ///< the prediction is empty and the truth is not
};

/// Scores of two boolean masks (D, H, W) of one shape; `spacing` is that of x, y, z in mm, so of W, H, D.
///
/// A surface is made of the voxels of a mask of which a face touches what is outside the mask or the image. Its
/// distances to the other surface are those between centres of voxels, exact and with the spacing of each axis.
/// nsd: the share of both surfaces' voxels that lie no farther than `tolerance` mm from the other (Seidlitz and others,
/// arXiv 2111.05408). hd95: the 95th percentile of the distances from each surface to the other, interpolated linearly;
/// the larger of the two. So defined by MONAI (compute_surface_dice and compute_hausdorff_distance without subvoxels);
/// DeepMind's surface-distance weighs surfaces by area and differs somewhat.
///
/// Masks of different shapes or not of three axes, and a spacing that is not above 0, are faults of the caller and
/// throw c10::Error.
SurfaceScores surfaceScores(const torch::Tensor& prediction, const torch::Tensor& truth,
                            const std::array<double, 3>& spacing, double tolerance = kSurfaceTolerance);

/// What counts as a lesion, and as found.
struct LesionRule {
  double overlap = 0;   ///< intersection over union of a lesion and a predicted one; 0: one voxel in common
  double smallest = 0;  ///< voxels; smaller components do not count
};

/// Connected components (26 neighbours) of a class in a case. A lesion of the truth is found if one predicted component
/// overlaps it by the rule; a predicted component that so overlaps no lesion is a false positive. By one voxel, one
/// component may find several lesions, and several may find one, which is found once; above an intersection over union
/// of 0.5 pairs are one to one. Of components below the smallest volume, those of the truth are not to be found and
/// those predicted are no false positives: neither are predicted ones that so overlap only a small one of the truth. By
/// one voxel and without a smallest volume this is the count of the challenge ISLES 2022 (its utils/eval_utils.py at
/// github.com/ezequieldlrosa/isles22), which gives an F1 of 1 to a case with no lesion and none predicted: here it has
/// none.
struct LesionScores {
  std::int64_t lesions = 0;                   ///< of the truth
  std::int64_t found = 0;                     ///< of these
  std::int64_t falsePositives = 0;            ///< predicted components
  std::optional<double> sensitivity() const;  ///< found / lesions; none without lesions
  std::optional<double> f1() const;  ///< 2 found / (2 found + false positives + not found); none without either
};
/// Of two boolean masks (D, H, W) of one shape; others throw c10::Error.
LesionScores lesionScores(const torch::Tensor& prediction, const torch::Tensor& truth, const LesionRule& rule = {});

}  // namespace lorkd::eval
