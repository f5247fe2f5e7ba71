// What data say of a structure beside its voxels.
#pragma once

#include <string>

#include "PlanStructs.h"

namespace lorkd::image {

/// Only the name is always there.
struct Label {
  std::string name{};     ///< SEG Segment Label, ROI name, or the label value as text
  std::string color{};    ///< "#rrggbb" or empty
  plan::Code code{};      ///< what it is, for example SCT 10200004 Liver
  plan::Code category{};  ///< what that is a kind of
  plan::Code modifier{};  ///< for example its side
  int number = 0;         ///< segment number, ROI number or label value
  bool operator==(const Label&) const = default;
};

/// A label's name without what does not tell names apart: letter case and surrounding blanks.
std::string folded(const std::string& name);
/// Whether two label names are the same.
bool sameLabel(const std::string& a, const std::string& b);

/// Whether there is a code to write; a meaning alone is none.
bool coded(const plan::Code& code);

/// An object with what is known; a plain text, as older indices have it, is read as a name.
void to_json(Json& j, const Label& label);
void from_json(const Json& j, Label& label);

}  // namespace lorkd::image
