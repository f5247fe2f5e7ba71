// Masks with names of their own that may be several answers to one question. Inside this room only.
#pragma once

#include "core/base/Progress.h"
#include "core/data/Pairing.h"

namespace lorkd::data {

/// Asks about masks of one image whose names differ in words that are no structure's, such as "seg_AB" and "seg_CD",
/// and that mark mostly the same voxels: in at least half of the first three images that have both, their Dice
/// coefficient is 0.5 or more. Each image with both gets the finding "possible-answers", of severity Consent. Images
/// with more than six masks are passed over: so many people do not draw one image. Errors: Cancelled.
Result<void> askLikeAnswers(Pairing& out, const CancelToken& cancel);

}  // namespace lorkd::data
