// Labels whose names leave open which of several images they are of. Inside this room only.
#pragma once

#include <utility>
#include <vector>

#include "core/data/Pairing.h"
#include "core/data/layout/Owners.h"

namespace lorkd::data {

/// Asks about labels that were given to one image by its name, where others without labels lie on their grid and are
/// called nearly so (layout::Owners::asNear()). `taken` are label files, each with the position of its case. The
/// finding is "label-image", of severity Consent.
void askWhoseLabels(const layout::Owners& owners,
                    const std::vector<std::pair<const layout::VolumeEntry*, std::size_t>>& taken, Pairing& out);

}  // namespace lorkd::data
