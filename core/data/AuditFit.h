// How an image fits what a plan's network sees: its channels, and the window of values. Inside this room only.
#pragma once

#include <optional>

#include "core/data/Audit.h"

namespace lorkd::data {

/// missing-channel: the image lacks a channel that the network sees and that may not be filled; a run leaves it out.
std::optional<io::Finding> missingChannel(const plan::Plan& plan, const Case& c);

/// Why no run begins, as far as the image's channels are not clear: it has labels and several channels, and the plan
/// does not say which of them the network sees.
std::optional<Error> unclearChannels(const plan::Plan& plan, const Case& c);

/// clipped: more than a twentieth of the body's voxels (Reading::body) of the channel that was read lies outside the
/// window to which the plan's normalisation clips it, so that the network cannot tell them apart.
std::optional<io::Finding> clipped(const plan::Plan& plan, const Case& c, const Reading& reading);

}  // namespace lorkd::data
