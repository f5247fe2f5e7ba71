#include "core/io/dicom/SeriesSplit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <string_view>

namespace lorkd::io {
namespace {

using Slices = std::vector<SliceHeader>;

bool isScout(const SliceHeader& h) { return h->imageType.find("LOCALIZER") != std::string::npos; }

bool hasPlace(const SliceHeader& h) { return h.position && h->orientation; }

bool isPage(const SliceHeader& h, bool othersHavePlaces) {
  return h->samples != 1 || !h->photometric.starts_with("MONOCHROME") || (othersHavePlaces && !hasPlace(h));
}

bool sameOrientation(const SliceHeader& a, const SliceHeader& b) {
  if (a.series == b.series) return true;
  if (a->orientation.has_value() != b->orientation.has_value()) return false;
  for (std::size_t axis = 0; a->orientation && axis < 2; ++axis)
    for (std::size_t r = 0; r < 3; ++r)
      if (std::abs((*a->orientation)[axis][r] - (*b->orientation)[axis][r]) > 1e-3) return false;
  return true;
}

bool sameSize(const SliceHeader& a, const SliceHeader& b) {
  if (a.series == b.series) return true;
  if (a->rows != b->rows || a->columns != b->columns || a->spacing.has_value() != b->spacing.has_value()) return false;
  for (std::size_t axis = 0; a->spacing && axis < 2; ++axis)
    if (std::abs((*a->spacing)[axis] / (*b->spacing)[axis] - 1) > 1e-3) return false;
  return true;
}

std::string planeOf(const SliceHeader& h) {
  if (!h->orientation) return "nowhere";
  const auto normal = image::cross((*h->orientation)[0], (*h->orientation)[1]);
  std::size_t axis = 0;
  for (std::size_t a = 1; a < 3; ++a)
    if (std::abs(normal[a]) > std::abs(normal[axis])) axis = a;
  static constexpr const char* planes[] = {"sagittal", "coronal", "axial"};
  return planes[axis];
}

std::string sizeOf(const SliceHeader& h) {
  char text[96];
  const auto& s = h->spacing;
  std::snprintf(text, sizeof text, "%dx%d at %.4g mm", h->columns, h->rows, s ? (*s)[0] : 0.0);
  return text;
}

constexpr std::size_t kMostGroups = 256;

// Groups by an equivalence of slices, in the order of first appearance; what is too many goes to `beyond`.
template <class Same>
std::vector<Slices> grouped(Slices slices, Same same, Slices& beyond) {
  std::vector<Slices> groups;
  if (std::ranges::all_of(slices, [&](const SliceHeader& slice) { return same(slices.front(), slice); })) {
    groups.push_back(std::move(slices));  // as nearly always: nothing is moved
    return groups;
  }
  for (auto& slice : slices) {
    const auto found = std::ranges::find_if(groups, [&](const Slices& g) { return same(g.front(), slice); });
    if (found == groups.end() && groups.size() == kMostGroups)
      beyond.push_back(std::move(slice));
    else
      (found == groups.end() ? groups.emplace_back() : *found).push_back(std::move(slice));
  }
  return groups;
}

image::Vec3 normalOf(const SliceHeader& h) { return image::cross((*h->orientation)[0], (*h->orientation)[1]); }

// The most slices that lie at one place of a stack; 1 where nothing is known of places.
std::size_t mostAtOnePlace(const Slices& slices) {
  if (!std::ranges::all_of(slices, hasPlace)) return 1;
  const auto normal = normalOf(slices.front());
  std::vector<double> at;
  for (const auto& slice : slices) at.push_back(image::dot(*slice.position, normal));
  std::ranges::sort(at);
  const double same = samePlace(at);
  std::size_t most = 1, here = 1;
  for (std::size_t n = 1; n < at.size(); ++n) {
    here = at[n] - at[n - 1] < same ? here + 1 : 1;
    most = std::max(most, here);
  }
  return most;
}

struct Named {
  std::string name;
  Slices slices;
  bool byOrder = false;
};

// The slices at each place in the order of their trigger times, first ones together, second ones, ...; nothing where a
// place has more or fewer than the others, or two of the same time.
std::vector<std::vector<std::size_t>> orderedByTime(const Slices& slices) {
  if (!std::ranges::all_of(slices, hasPlace)) return {};
  const auto normal = normalOf(slices.front());
  struct Timed {
    double at, time;
    std::size_t number;
  };
  std::vector<Timed> all;
  for (std::size_t n = 0; n < slices.size(); ++n) {
    const auto time = dicom::numberIn(slices[n].marks[Mark::TriggerTime]);
    if (!time) return {};
    all.push_back({image::dot(*slices[n].position, normal), *time, n});
  }
  std::ranges::sort(all, {}, &Timed::at);
  std::vector<double> positions;
  for (const auto& one : all) positions.push_back(one.at);
  const double same = samePlace(positions);
  std::vector<std::vector<std::size_t>> out;
  for (std::size_t from = 0, to = 0; from < all.size(); from = to) {
    for (to = from + 1; to < all.size() && all[to].at - all[to - 1].at < same;) ++to;
    if (from > 0 && to - from != out.size()) return {};
    out.resize(to - from);
    const auto here = std::span(all).subspan(from, to - from);
    std::ranges::sort(here, {}, &Timed::time);
    if (std::ranges::adjacent_find(here, {}, &Timed::time) != here.end()) return {};
    for (std::size_t n = 0; n < here.size(); ++n) out[n].push_back(here[n].number);
  }
  return out;
}

// Takes slices at one place apart by their marks from `first` on.
void splitByMarks(std::string name, Slices slices, std::size_t first, std::vector<Named>& out) {
  const auto most = mostAtOnePlace(slices);
  for (auto mark = first; mark < kMarks; ++mark) {
    if (most < 2 && mark != static_cast<std::size_t>(Mark::Stack)) break;
    std::set<std::string_view> values;
    for (const auto& slice : slices) values.insert(slice.marks[static_cast<Mark>(mark)]);
    // A value that changes from slice to slice, such as a time, tells nothing. Stacks, though, are stacks by the
    // header's own word, even where none of their slices meet.
    const auto allowed = mark == static_cast<std::size_t>(Mark::Stack) ? slices.size() / 2 : most;
    if (static_cast<Mark>(mark) == Mark::TriggerTime && values.size() > allowed) {
      const auto times = orderedByTime(slices);
      for (std::size_t time = 0; time < times.size(); ++time) {
        auto& part = out.emplace_back();
        part.name = name + (name.empty() ? "" : ", ") + "temporal position " + std::to_string(time + 1);
        part.byOrder = true;
        for (const auto n : times[time]) part.slices.push_back(std::move(slices[n]));
      }
      if (!times.empty()) return;
    }
    if (values.size() < 2 || values.size() > allowed) continue;
    std::map<std::string, Slices> groups;
    for (auto& slice : slices) groups[std::string(slice.marks[static_cast<Mark>(mark)])].push_back(std::move(slice));
    for (auto& [value, group] : groups)
      splitByMarks(name + (name.empty() ? "" : ", ") + toString(static_cast<Mark>(mark)) + " " +
                       (value.empty() ? "unknown" : value),
                   std::move(group), mark + 1, out);
    return;
  }
  out.push_back({std::move(name), std::move(slices)});
}

// Where a part lies: its normal, then the least position along it.
std::array<double, 4> whereOf(const Slices& slices) {
  if (!std::ranges::all_of(slices, hasPlace)) return {};
  const auto normal = normalOf(slices.front());
  double least = image::kFarthest * 2;
  for (const auto& slice : slices) least = std::min(least, image::dot(*slice.position, normal));
  return {normal[0], normal[1], normal[2], least};
}

std::vector<Named> stacksOf(Slices slices, Slices& beyond) {
  std::vector<Named> out;
  const auto sameFrame = [](const SliceHeader& a, const SliceHeader& b) {
    return a.series == b.series || a->frameOfReferenceUid == b->frameOfReferenceUid;
  };
  auto frames = grouped(std::move(slices), sameFrame, beyond);
  for (auto& frame : frames) {
    auto turns = grouped(std::move(frame), sameOrientation, beyond);
    for (auto& turn : turns) {
      const auto plane = planeOf(turn.front());
      auto sizes = grouped(std::move(turn), sameSize, beyond);
      for (auto& size : sizes) {
        std::string name = frames.size() > 1 ? "frame of reference" : "";
        const auto add = [&name](const std::string& more) { name += (name.empty() ? "" : ", ") + more; };
        if (turns.size() > 1) add(plane);
        if (sizes.size() > 1) add(sizeOf(size.front()));
        splitByMarks(std::move(name), std::move(size), 0, out);
      }
    }
  }
  // Two oblique stacks may be called alike; files' names must not decide which is the first.
  std::ranges::stable_sort(out, {}, [](const Named& part) { return std::pair(part.name, whereOf(part.slices)); });
  std::map<std::string, int> met;
  for (auto& part : out)
    if (const int before = met[part.name]++; before > 0) part.name += " " + std::to_string(before + 1);
  return out;
}

}  // namespace

double samePlace(const std::vector<double>& positions) {
  std::vector<double> gaps;
  for (std::size_t n = 1; n < positions.size(); ++n) gaps.push_back(positions[n] - positions[n - 1]);
  if (gaps.empty()) return 1e-3;
  const auto wide = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() * 4 / 5);
  std::ranges::nth_element(gaps, wide);
  return std::clamp(0.02 * *wide, 1e-3, 0.2);
}

std::vector<SeriesPart> splitSeries(std::vector<SliceHeader> slices) {
  const bool placed = std::ranges::any_of(slices, hasPlace);
  const bool allScouts = std::ranges::all_of(slices, isScout);
  SeriesPart scouts{SeriesPart::Kind::Scout, "scout", {}, false}, pages{SeriesPart::Kind::Page, "pages", {}, false};
  Slices rest;
  const auto apart = [&](const SliceHeader& slice) { return isPage(slice, placed) || (isScout(slice) && !allScouts); };
  if (std::ranges::none_of(slices, apart))
    rest = std::move(slices);
  else
    for (auto& slice : slices)
      (!apart(slice) ? rest : isPage(slice, placed) ? pages.slices : scouts.slices).push_back(std::move(slice));
  std::vector<SeriesPart> parts;
  if (!rest.empty())
    for (auto& stack : stacksOf(std::move(rest), pages.slices))
      parts.push_back({allScouts ? SeriesPart::Kind::Scout : SeriesPart::Kind::Stack, std::move(stack.name),
                       std::move(stack.slices), stack.byOrder});
  for (auto* other : {&scouts, &pages})
    if (!other->slices.empty()) parts.push_back(std::move(*other));
  if (parts.size() == 1) parts.front().name.clear();
  return parts;
}

}  // namespace lorkd::io
