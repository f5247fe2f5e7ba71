#include "core/data/PictureCopies.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "core/base/Digest.h"
#include "core/data/PictureSet.h"
#include "core/data/PictureSplit.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;

/// The part of each of `parts` equal lengths that a pixel of `size` covers, in the part's own length.
std::vector<std::vector<std::pair<std::size_t, double>>> shares(std::int64_t size, std::int64_t parts) {
  std::vector<std::vector<std::pair<std::size_t, double>>> out(static_cast<std::size_t>(size));
  const double scale = double(parts) / double(size);
  for (std::int64_t n = 0; n < size; ++n) {
    const double low = double(n) * scale, high = double(n + 1) * scale;
    for (auto part = static_cast<std::int64_t>(low); part < parts && double(part) < high; ++part)
      if (const double share = std::min(high, double(part + 1)) - std::max(low, double(part)); share > 0)
        out[static_cast<std::size_t>(n)].emplace_back(part, share);
  }
  return out;
}

/// Mean brightness of `columns` by `rows` equal parts; pixels at their borders count in both.
std::vector<double> means(const io::Picture& picture, std::int64_t columns, std::int64_t rows) {
  const auto across = shares(picture.width, columns), down = shares(picture.height, rows);
  const auto wide = static_cast<std::size_t>(columns), channels = static_cast<std::size_t>(picture.channels);
  std::vector<double> out(wide * static_cast<std::size_t>(rows)), line(wide);
  const auto* pixel = picture.pixels.data();
  for (const auto& row : down) {
    std::ranges::fill(line, 0.0);
    for (const auto& column : across) {
      const double value = channels == 3 ? io::lumaOf(pixel) : double(pixel[0]);
      for (const auto& [part, share] : column) line[part] += share * value;
      pixel += channels;
    }
    for (const auto& [part, share] : row)
      for (std::size_t n = 0; n < wide; ++n) out[part * wide + n] += share * line[n];
  }
  return out;
}

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v, squares += v * v;
  const auto count = static_cast<double>(values.size());
  return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
}

/// What is left of 64 by 64 means without the 16 by 16 ones, of length 1; empty where nothing is.
std::vector<double> detailOf(const io::Picture& picture) {
  constexpr std::int64_t kFine = 64, kCoarse = 16;
  auto fine = means(picture, kFine, kFine);
  const auto coarse = means(picture, kCoarse, kCoarse);
  double squares = 0;
  for (std::int64_t n = 0; n < kFine * kFine; ++n) {
    auto& v = fine[static_cast<std::size_t>(n)];
    v -= coarse[static_cast<std::size_t>(n / kFine * kCoarse / kFine * kCoarse + n % kFine * kCoarse / kFine)];
    squares += v * v;
  }
  if (squares < 1) return {};
  for (double& v : fine) v /= std::sqrt(squares);
  return fine;
}

/// A picture of a set of the audit.
struct Owned {
  std::size_t image, example;
};

struct AuditedSet {
  std::size_t image;
  io::PictureSet set;
  std::vector<std::string> parts;  // of each example
  std::vector<PictureMark> marks;
};

struct Tally {
  std::size_t copies = 0, leaks = 0, contradictions = 0, shown = 0;
  std::string examples;
};

std::vector<fs::path> filesOf(const Case& c, const io::PictureSet& set) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& file : c.imageFiles)
    if (!fs::is_directory(file, ignored)) files.push_back(file);
  for (const auto& example : set.examples)
    if (example.place < 0) files.push_back(example.file);
  return files;
}

/// Those that the index keeps, else of the pictures as they are.
Result<std::vector<PictureMark>> marksOf(Catalogue& index, const Case& c, const io::PictureSet& set, Progress& progress,
                                         const CancelToken& cancel) {
  const auto files = filesOf(c, set);
  const std::string key = "picture marks 1 " + c.id;
  std::vector<PictureMark> marks(set.examples.size());
  const auto size = marks.size() * sizeof(PictureMark);
  LORKD_TRY(kept, index.kept(key, files));
  if (kept && kept->size() == size) {
    std::memcpy(marks.data(), kept->data(), size);
    return marks;
  }
  std::vector<std::size_t> every(marks.size());
  for (std::size_t n = 0; n < every.size(); ++n) every[n] = n;
  const auto read =
      io::eachPicture(set.examples, every, [&](std::size_t n, const io::Picture& picture) -> Result<void> {
        if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the audit was stopped");
        if (n % 256 == 0)
          progress.report("comparing pictures", static_cast<std::int64_t>(n), static_cast<std::int64_t>(every.size()));
        marks[n] = markOf(picture);
        return {};
      });
  if (!read) return std::unexpected(read.error());
  LORKD_CHECK(index.keep(key, files, std::string(reinterpret_cast<const char*>(marks.data()), size)));
  return marks;
}

class Copies {
 public:
  explicit Copies(std::vector<AuditedSet>& sets) : m_sets(sets) {
    for (std::size_t s = 0; s < sets.size(); ++s)
      for (std::size_t n = 0; n < sets[s].set.examples.size(); ++n) m_pictures.push_back({s, n});
  }

  /// All that are the same pixel by pixel.
  std::map<std::size_t, Tally> same() {
    std::map<std::uint64_t, std::vector<std::size_t>> groups;
    for (std::size_t n = 0; n < m_pictures.size(); ++n) groups[mark(n).pixels].push_back(n);
    std::map<std::size_t, Tally> out;
    for (const auto& [pixels, group] : groups)
      for (std::size_t n = 1; n < group.size(); ++n) {
        // Beside one in another part, if there is any.
        const auto other = std::ranges::find_if(group, [&](auto m) { return part(m) != part(group[n]); });
        count(other == group.end() ? group.front() : *other, group[n], out);
      }
    return out;
  }

  /// Those that look the same, and are not. Errors: those of reading pictures.
  Result<std::map<std::size_t, Tally>> alike(const CancelToken& cancel) {
    std::vector<std::pair<int, std::size_t>> order;  // by bits set: patterns that are near have nearly as many
    std::set<std::uint64_t> known;
    for (std::size_t n = 0; n < m_pictures.size(); ++n) {
      int bits = 0;
      for (const auto word : mark(n).pattern) bits += std::popcount(word);
      constexpr int kFewBits = 24;  // too plain to tell
      if (bits >= kFewBits && known.insert(mark(n).pixels).second) order.emplace_back(bits, n);
    }
    std::ranges::sort(order);
    std::map<std::size_t, Tally> out;
    std::size_t looks = 0;
    constexpr std::size_t kMostLooks = 5000;
    for (std::size_t b = 0; b < order.size(); ++b) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the audit was stopped");
      for (auto a = b; a-- > 0 && order[b].first - order[a].first <= kNearPattern && looks < kMostLooks;) {
        const auto first = order[a].second, second = order[b].second;
        if (distance(mark(first), mark(second)) > kNearPattern) continue;
        ++looks;
        LORKD_TRY(one, io::pictureOf(example(first)));
        LORKD_TRY(other, io::pictureOf(example(second)));
        if (!looksLike(one, other)) continue;
        count(first, second, out);
        break;
      }
    }
    return out;
  }

 private:
  const PictureMark& mark(std::size_t n) const { return m_sets[m_pictures[n].image].marks[m_pictures[n].example]; }
  const std::string& part(std::size_t n) const { return m_sets[m_pictures[n].image].parts[m_pictures[n].example]; }
  const io::LabelledPicture& example(std::size_t n) const {
    return m_sets[m_pictures[n].image].set.examples[m_pictures[n].example];
  }

  void count(std::size_t a, std::size_t b, std::map<std::size_t, Tally>& out) const {
    const bool one = m_pictures[a].image == m_pictures[b].image;
    auto& tally = out[m_pictures[b].image];
    ++tally.copies;
    const bool leak = part(a) != part(b);
    tally.leaks += leak;
    tally.contradictions += one && example(a).labels != example(b).labels;
    // Leaks are shown first.
    constexpr std::size_t kMostShown = 3;
    if (tally.shown >= kMostShown && !leak) return;
    const auto text =
        example(a).id.substr(0, 100) + (one ? "" : " of another set") + " and " + example(b).id.substr(0, 100);
    if (tally.shown < kMostShown) {
      tally.examples += (tally.shown++ ? "; " : "") + text;
    } else if (tally.leaks == 1) {
      tally.examples = text + "; " + tally.examples;
    }
  }

  std::vector<AuditedSet>& m_sets;
  std::vector<Owned> m_pictures;  // `image` is the set's number here
};

void tell(const std::vector<AuditedSet>& sets, const std::map<std::size_t, Tally>& tallies, const char* code,
          const std::string& what, bool byPlan, std::vector<AuditedImage>& images) {
  for (const auto& [set, tally] : tallies) {
    std::string counts = std::to_string(tally.copies) + what;
    if (tally.leaks > 0)
      counts += ", " + std::to_string(tally.leaks) + " of them in another part of the " +
                (byPlan ? "split" : "data's own split") + " (a leak: what is tested was learnt from)";
    if (tally.contradictions > 0) counts += ", " + std::to_string(tally.contradictions) + " with other labels";
    io::Finding finding{io::Finding::Severity::Warning, code, counts + ": " + tally.examples};
    auto done = counts + "; " + remedy(finding, false);  // pages show no names
    images[sets[set].image].findings.push_back({std::move(finding), std::move(done)});
  }
}

}  // namespace

PictureMark markOf(const io::Picture& picture) {
  constexpr std::int64_t kColumns = 17, kRows = 16;
  constexpr double kShare = 0.1, kFlat = 1;
  PictureMark out;
  std::string bytes = std::to_string(picture.width) + " " + std::to_string(picture.height) + " " +
                      std::to_string(picture.channels) + "\n";
  bytes.append(reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size());
  const auto digest = sha256(bytes);
  std::from_chars(digest.data(), digest.data() + 16, out.pixels, 16);
  if (picture.pixels.empty()) return out;
  const auto grey = means(picture, kColumns, kRows);
  const double spread = deviation(grey);
  if (spread < kFlat) return out;
  std::size_t bit = 0;
  for (const double sign : {1.0, -1.0})
    for (std::int64_t y = 0; y < kRows; ++y)
      for (std::int64_t x = 0; x + 1 < kColumns; ++x, ++bit) {
        const auto at = static_cast<std::size_t>(y * kColumns + x);
        if (sign * (grey[at + 1] - grey[at]) > kShare * spread) out.pattern[bit / 64] |= std::uint64_t(1) << bit % 64;
      }
  return out;
}

int distance(const PictureMark& a, const PictureMark& b) {
  int out = 0;
  for (std::size_t n = 0; n < a.pattern.size(); ++n) out += std::popcount(a.pattern[n] ^ b.pattern[n]);
  return out;
}

bool looksLike(const io::Picture& a, const io::Picture& b) {
  constexpr double kAlike = 0.985;
  const auto first = detailOf(a), second = detailOf(b);
  double sum = 0;
  for (std::size_t n = 0; n < std::min(first.size(), second.size()); ++n) sum += first[n] * second[n];
  return sum >= kAlike;
}

Result<void> findPictureCopies(Catalogue& index, const AuditRequest& request, std::vector<AuditedImage>& images,
                               Progress& progress, const CancelToken& cancel) {
  std::vector<AuditedSet> sets;
  for (std::size_t n = 0; n < images.size(); ++n) {
    const auto& item = images[n].item;
    if (item.kind != "picture") continue;
    AuditedSet own{n, {}, {}, {}};
    auto set = readPictureSet(item.imageFiles, item.people);
    if (!set) return fail(set.error(), item.id);
    own.set = std::move(*set);
    auto marks = marksOf(index, item, own.set, progress, cancel);
    if (!marks && marks.error().code == ErrorCode::Cancelled) return std::unexpected(marks.error());
    if (!marks) {
      const io::Finding finding{io::Finding::Severity::Unusable, "unreadable-voxels", marks.error().text()};
      images[n].findings.push_back({finding, remedy(finding, false)});
      continue;
    }
    own.marks = std::move(*marks);
    for (const auto& example : own.set.examples) own.parts.push_back(example.split);
    if (request.plan) {
      const auto seed = request.division ? request.division->seed.value_or(request.plan->seed) : request.plan->seed;
      const auto splits = splitsOf(own.set, request.plan->data.split, static_cast<std::uint64_t>(seed));
      for (std::size_t e = 0; e < splits.size(); ++e) own.parts[e] = toString(splits[e]);
    }
    sets.push_back(std::move(own));
  }
  if (sets.empty()) return {};
  Copies copies(sets);
  const bool byPlan = request.plan != nullptr;
  tell(sets, copies.same(), "picture-copies", " picture(s) are the same as another one", byPlan, images);
  LORKD_TRY(alike, copies.alike(cancel));
  tell(sets, alike, "picture-near-copies",
       " picture(s) look the same as another one, as after a change of size, quality or brightness", byPlan, images);
  return {};
}

}  // namespace lorkd::data
