#include "core/run/Looks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace lorkd::plan {
namespace {

/// The first seven are Okabe and Ito's (2008) without black, which is left to outlines. The others were searched for:
/// the largest least difference over normal and simulated sight, neither too dark for images nor grey.
constexpr std::array<const char*, 24> colors{"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00",
                                             "#CC79A7", "#784B2D", "#874BE1", "#87FF87", "#F01E5A", "#B4D296",
                                             "#A50087", "#9696FF", "#4BFFFF", "#D2B45A", "#B40000", "#4B4BB4",
                                             "#FF7896", "#87D2C3", "#C3693C", "#963C69", "#A569D2", "#D2B4E1"};

constexpr std::array<int, 9> hatches{
    0, Rising, Falling, Level, Upright, Rising | Falling, Level | Upright, Rising | Level, Falling | Upright};

using Lab = std::array<double, 3>;

/// CIE 1976 L*a*b* of an sRGB colour "#rrggbb", white D65.
Lab labOf(const std::string& color) {
  std::array<double, 3> rgb{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::strtol(color.substr(1 + 2 * i, 2).c_str(), nullptr, 16) / 255.0;
    rgb[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  const auto curve = [&](double r, double g, double b, double white) {
    const double t = (r * rgb[0] + g * rgb[1] + b * rgb[2]) / white;
    return t > 216.0 / 24389 ? std::cbrt(t) : t * 841 / 108 + 4.0 / 29;
  };
  const double x = curve(0.4124564, 0.3575761, 0.1804375, 0.95047), y = curve(0.2126729, 0.7151522, 0.0721750, 1),
               z = curve(0.0193339, 0.1191920, 0.9503041, 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

bool nearTo(const Lab& a, const Lab& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) < 10; }

std::string upper(std::string color) {
  for (auto& c : color)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return color;
}

}  // namespace

std::span<const char* const> palette() { return colors; }
std::span<const int> patterns() { return hatches; }

const char* inkOn(const std::string& color) { return labOf(color)[0] > 50 ? "#000000" : "#FFFFFF"; }

std::vector<Look> distinctLooks(const std::vector<std::string>& given) {
  std::vector<Look> out(given.size());
  std::set<std::pair<std::string, int>> taken;
  std::map<std::string, std::size_t> times;
  std::vector<Lab> labs;
  for (std::size_t n = 0; n < given.size(); ++n) {
    if (given[n].empty()) continue;
    const auto color = upper(given[n]);
    const auto before = times[color]++;
    if (before == 0) labs.push_back(labOf(color));
    out[n] = {given[n], hatches[before % hatches.size()]};
    taken.emplace(color, out[n].pattern);
  }
  // Among plain areas a default keeps its distance from what is given; patterns are told from it anyhow.
  std::vector<Look> free;
  for (const int pattern : hatches)
    for (const char* color : colors) {
      const auto lab = labOf(color);
      if (pattern == 0 && std::ranges::any_of(labs, [&](const Lab& other) { return nearTo(lab, other); })) continue;
      if (!taken.contains({color, pattern})) free.push_back({color, pattern});
    }
  if (free.empty()) free.push_back({colors[0], 0});
  std::size_t next = 0;
  for (std::size_t n = 0; n < given.size(); ++n)
    if (given[n].empty()) out[n] = free[next++ % free.size()];
  return out;
}

Looks::Looks(const Plan& plan) {
  std::vector<std::string> tasks, classes;
  std::map<std::vector<std::string>, std::size_t> known;
  for (const auto& [name, task] : plan.tasks) {
    tasks.push_back(task.color);
    auto& places = m_places.emplace_back();
    for (const auto& [cls, options] : task.classes) {
      auto key = options.labels.empty() ? std::vector{cls} : options.labels;
      std::ranges::sort(key);
      key.push_back(cls);
      auto at = known.try_emplace(key, classes.size()).first->second;
      if (at < classes.size() && classes[at].empty()) classes[at] = options.color;
      // Where the plan gives one class two colours, both hold.
      if (at < classes.size() && !options.color.empty() && options.color != classes[at]) {
        key.push_back(options.color);
        at = known.try_emplace(key, classes.size()).first->second;
      }
      if (at == classes.size()) classes.push_back(options.color);
      places.push_back(at);
    }
  }
  m_tasks = distinctLooks(tasks);
  m_classes = distinctLooks(classes);
}

}  // namespace lorkd::plan
