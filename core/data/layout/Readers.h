// Which reader a data source gets.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/Reader.h"

namespace lorkd::data::layout {

/// The readers of this program, each a few patterns.
const std::vector<LayoutReader>& builtInReaders();

/// The readers that explain at least half of the volumes, the best first.
std::vector<std::pair<double, const LayoutReader*>> fitting(const Files& files,
                                                            const std::vector<LayoutReader>& readers);

}  // namespace lorkd::data::layout
