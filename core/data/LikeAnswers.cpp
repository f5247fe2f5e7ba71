#include "core/data/LikeAnswers.h"

#include <algorithm>
#include <map>

#include "core/data/SegmentReader.h"
#include "core/data/layout/LabelFolders.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace {

constexpr std::size_t kMostReaders = 6;  // of one image
constexpr int kLookedAt = 3;             // images of each two names
constexpr double kSameDice = 0.5;

using TwoNames = std::pair<std::string, std::string>;

/// Words of two names in which they differ; those that both have say the same of both.
bool mayBePeople(const std::string& a, const std::string& b) {
  auto own = layout::wordsOf(io::lowered(a)), other = layout::wordsOf(io::lowered(b));
  for (auto word = own.begin(); word != own.end();)
    if (const auto same = std::ranges::find(other, *word); same != other.end())
      other.erase(same), word = own.erase(word);
    else
      ++word;
  const auto person = [](const std::string& word) { return !layout::digits(word) && !layout::namesStructure(word); };
  return !own.empty() && !other.empty() && std::ranges::all_of(own, person) && std::ranges::all_of(other, person);
}

/// The positions of structures that are each marked by a mask of its own.
std::vector<std::size_t> masksOf(const Case& c) {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n < c.places.size() && n < c.labels.size(); ++n)
    if (c.places[n].size() == 1 && c.places[n].front().value == 0) out.push_back(n);
  return out.size() > kMostReaders ? std::vector<std::size_t>() : out;
}

double diceOf(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  std::size_t both = 0, sum = 0;
  for (std::size_t n = 0; n < a.size() && n < b.size(); ++n) {
    both += (a[n] != 0) && (b[n] != 0) ? 1 : 0;
    sum += (a[n] != 0 ? 1 : 0) + (b[n] != 0 ? 1 : 0);
  }
  return sum == 0 ? 0 : 2 * static_cast<double>(both) / static_cast<double>(sum);
}

struct Looked {
  int images = 0, alike = 0;
};

}  // namespace

Result<void> askLikeAnswers(Pairing& out, const CancelToken& cancel) {
  std::map<TwoNames, Looked> looked;
  const auto eachTwo = [](const Case& c, const auto& use) {
    const auto masks = masksOf(c);
    for (std::size_t i = 0; i < masks.size(); ++i)
      for (std::size_t j = i + 1; j < masks.size(); ++j) {
        auto two = std::minmax(c.labels[masks[i]], c.labels[masks[j]]);
        if (mayBePeople(two.first, two.second)) use(TwoNames(two), masks[j]);
      }
  };
  for (const auto& c : out.cases) {
    if (c.kind != "volume" && c.kind != "dicom") continue;
    std::vector<TwoNames> open;
    eachTwo(c, [&](const TwoNames& two, std::size_t) {
      if (looked[two].images < kLookedAt) open.push_back(two);
    });
    for (const auto& two : open) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
      const auto masks = SegmentReader(c).read({two.first, two.second});
      if (!masks) continue;  // reading it for its own sake says so
      const auto *a = masks->find(two.first), *b = masks->find(two.second);
      if (!a || !b) continue;
      auto& seen = looked[two];
      ++seen.images;
      seen.alike += diceOf(a->mask, b->mask) >= kSameDice ? 1 : 0;
    }
  }
  for (auto& c : out.cases) {
    if (c.kind != "volume" && c.kind != "dicom") continue;
    eachTwo(c, [&](const TwoNames& two, std::size_t label) {
      const auto& seen = looked[two];
      if (seen.alike == 0 || 2 * seen.alike < seen.images) return;
      if (std::ranges::count(c.consent, "possible-answers") == 0) c.consent.emplace_back("possible-answers");
      out.findings.emplace_back(
          c.labelFiles[static_cast<std::size_t>(c.places[label].front().file)],
          io::Finding{
              io::Finding::Severity::Consent, "possible-answers",
              "'" + two.first + "' and '" + two.second +
                  "' mark mostly the same voxels: if they are answers to one question, say so by a pattern with "
                  "{reader} in data.sources.NAME.layout.labels; with consent each is a structure of its own"});
    });
  }
  return {};
}

}  // namespace lorkd::data
