#include "core/image/Label.h"

#include <algorithm>
#include <cctype>

namespace lorkd::image {

std::string folded(const std::string& name) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto first = std::find_if_not(name.begin(), name.end(), blank);
  const auto last = std::find_if_not(name.rbegin(), name.rend(), blank).base();
  std::string out;
  for (auto at = first; at < last; ++at) out += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
  return out;
}

bool sameLabel(const std::string& a, const std::string& b) { return folded(a) == folded(b); }

bool coded(const plan::Code& code) { return !code.scheme.empty() && !code.value.empty(); }

void to_json(Json& j, const Label& label) {
  j = {{"name", label.name}};
  if (!label.color.empty()) j["color"] = label.color;
  if (coded(label.code)) j["code"] = label.code;
  if (coded(label.category)) j["category"] = label.category;
  if (coded(label.modifier)) j["modifier"] = label.modifier;
  if (label.number != 0) j["number"] = label.number;
}

void from_json(const Json& j, Label& label) {
  label = {};
  if (j.is_string()) {
    j.get_to(label.name);
    return;
  }
  j.at("name").get_to(label.name);
  label.color = j.value("color", "");
  label.code = j.value("code", plan::Code());
  label.category = j.value("category", plan::Code());
  label.modifier = j.value("modifier", plan::Code());
  label.number = j.value("number", 0);
}

}  // namespace lorkd::image
