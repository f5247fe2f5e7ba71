#include "core/io/dicom/SliceDistances.h"

#include <algorithm>
#include <cmath>

#include "core/io/dicom/SeriesCheck.h"

namespace lorkd::io {
namespace {

constexpr double kGap = 1.5;              // as a multiple of the distance around it
constexpr std::size_t kRowDistances = 3;  // fewer may be chance
constexpr std::size_t kRows = 6;          // more are no protocol

/// Distances one after another that are the same.
struct Stretch {
  std::size_t from = 0, count = 0, same = 0;  // same: those of count that are not gaps
  double sum = 0;                             // of the same
  double mean() const { return sum / static_cast<double>(same); }
};

// Positions may be rounded to a tenth of a millimetre, which moves a distance by as much.
bool alike(double a, double b) {
  const double low = std::min(a, b);
  return std::abs(a - b) <= std::max(0.05 * low, std::min(0.11, kPlaneTolerance * low));
}

std::vector<Stretch> stretchesOf(const std::vector<double>& distances) {
  std::vector<Stretch> out;
  for (std::size_t k = 0; k < distances.size(); ++k) {
    if (out.empty() || !alike(distances[k], out.back().mean())) out.push_back({k, 0, 0, 0});
    auto& last = out.back();
    ++last.count;
    ++last.same;
    last.sum += distances[k];
  }
  return out;
}

SliceGap gapOf(std::size_t after, double width, double usual) {
  const double fit = std::round(width / usual);
  return {after, width, static_cast<std::size_t>(std::clamp(fit - 1, 1.0, 1e6)),
          std::abs(width - fit * usual) <= (kPlaneTolerance + 0.02 * fit) * usual};
}

}  // namespace

SliceDistances readDistances(const std::vector<double>& distances) {
  SliceDistances out;
  auto rows = stretchesOf(distances);
  const auto takeGaps = [&](const Stretch& wide, double usual) {
    for (std::size_t k = wide.from; k < wide.from + wide.count; ++k) out.gaps.push_back(gapOf(k, distances[k], usual));
  };
  // One or two distances much wider than their neighbours' are gaps; what they part, they do not end.
  for (std::size_t i = 0; i < rows.size();) {
    const bool first = i == 0, last = i + 1 == rows.size();
    const auto& here = rows[i];
    if ((first && last) || here.count >= kRowDistances) {
      ++i;
      continue;
    }
    const double before = first ? 0 : rows[i - 1].mean(), behind = last ? 0 : rows[i + 1].mean();
    if (here.mean() <= kGap * std::max(before, behind)) {
      ++i;
      continue;
    }
    const bool joined = !first && !last && alike(before, behind);
    takeGaps(here, first ? behind : last ? before : std::min(before, behind));
    if (joined) {
      const auto& next = rows[i + 1];
      rows[i - 1].count += here.count + next.count;
      rows[i - 1].same += next.same;
      rows[i - 1].sum += next.sum;
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i), rows.begin() + static_cast<std::ptrdiff_t>(i) + 2);
    } else {
      // The slice at its far end belongs to the row that it lies at.
      if (last) rows[i - 1].count += here.count;
      if (!last) {
        rows[i + 1].count += here.count;
        rows[i + 1].from = here.from;
      }
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
    }
    i = 0;
    if (2 * out.gaps.size() > distances.size()) return {};
  }
  // Where one row ends and another begins, a single distance may be anything between.
  for (std::size_t i = 1; i + 1 < rows.size();) {
    if (rows[i].count == 1 && rows[i - 1].same >= kRowDistances && rows[i + 1].same >= kRowDistances) {
      ++rows[i + 1].count;
      --rows[i + 1].from;
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  const bool order =
      rows.size() == 1 ||
      (rows.size() <= kRows && std::ranges::all_of(rows, [](const Stretch& row) { return row.same >= kRowDistances; }));
  if (!order) return {};
  for (const auto& row : rows)
    // The first distance of the stack has a slice at both ends.
    out.rows.push_back({row.from == 0 ? 0 : row.from + 1, row.from == 0 ? row.count + 1 : row.count, row.mean()});
  std::ranges::sort(out.gaps, {}, &SliceGap::after);
  return out;
}

}  // namespace lorkd::io
