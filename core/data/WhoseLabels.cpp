#include "core/data/WhoseLabels.h"

#include <algorithm>

namespace lorkd::data {

void askWhoseLabels(const layout::Owners& owners,
                    const std::vector<std::pair<const layout::VolumeEntry*, std::size_t>>& taken, Pairing& out) {
  for (const auto& [label, item] : taken) {
    std::string others;
    for (const auto n : owners.asNear(*label, item)) {
      const auto& other = out.cases[n];
      if (other.labelFiles.empty() && std::ranges::count(other.consent, "possible-labels") == 0)
        others += (others.empty() ? "" : ", ") + other.imageFiles.front().filename().string();
    }
    if (others.empty()) continue;
    auto& c = out.cases[item];
    if (std::ranges::count(c.consent, "label-image") == 0) c.consent.emplace_back("label-image");
    out.findings.emplace_back(
        label->loose->file,
        io::Finding{io::Finding::Severity::Consent, "label-image",
                    "the labels lie on the grid of " + c.imageFiles.front().filename().string() + " and of " + others +
                        ", and their name does not say of which they are; patterns in data.sources.NAME.layout can "
                        "say it, or make the images channels of one ({channel}); with consent they are those of the "
                        "first"});
  }
}

}  // namespace lorkd::data
