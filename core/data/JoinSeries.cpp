#include "core/data/JoinSeries.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace {

/// " ax t1 post " of "Ax_T1 (post)": words between blanks, in small letters.
std::string wordsBetweenBlanks(const std::string& text) {
  std::string out = " ";
  for (const unsigned char c : io::lowered(text)) {
    const bool letter = std::isalnum(c) || c >= 128;
    if (letter || out.back() != ' ') out += letter ? static_cast<char>(c) : ' ';
  }
  return out.back() == ' ' ? out : out + ' ';
}

/// How surely a series is called `name`: 3 by its whole description, 2 by words in it, 1 by its modality, 0 not at all.
int calledSo(const Case& c, const std::string& name) {
  const auto own = wordsBetweenBlanks(c.description), wanted = wordsBetweenBlanks(name);
  if (own == wanted) return 3;
  if (wanted != " " && own.find(wanted) != own.npos) return 2;
  return image::sameLabel(c.modality, name) ? 1 : 0;
}

/// The series of a study that are the plan's inputs, by input; no number where one has none.
struct Assigned {
  std::vector<std::optional<std::size_t>> series;
  std::string problem;  ///< in words, where it is not certain
};

Assigned assignInputs(const std::vector<const Case*>& study, const plan::Data& options) {
  Assigned out;
  std::set<std::size_t> taken;
  for (const auto& [name, input] : options.inputs) {
    const auto names = input.names.empty() ? std::vector{name} : input.names;
    int best = 0;
    std::vector<std::size_t> found;
    for (std::size_t n = 0; n < study.size(); ++n) {
      int sure = 0;
      for (const auto& wanted : names) sure = std::max(sure, calledSo(*study[n], wanted));
      if (sure > best) best = sure, found.clear();
      if (sure > 0 && sure == best) found.push_back(n);
    }
    out.series.push_back(found.size() == 1 ? std::optional(found.front()) : std::nullopt);
    if (found.size() > 1) out.problem = "several series are called '" + name + "'";
    if (found.empty() && !input.fill) out.problem = "no series is called '" + name + "'";
    if (found.size() == 1 && !taken.insert(found.front()).second)
      out.problem = "one series is called as two of the inputs, '" + name + "' among them";
  }
  return out;
}

/// The place in `series` of the one that the labels lie on, else of the one with the most voxels. Nothing with a
/// problem.
std::optional<std::size_t> baseOf(const std::vector<const Case*>& study, Assigned& assigned) {
  std::optional<std::size_t> base;
  int labelled = 0;
  for (const auto* c : study) labelled += c->labelFiles.empty() ? 0 : 1;
  for (std::size_t n = 0; n < assigned.series.size(); ++n) {
    if (!assigned.series[n]) continue;
    const auto& c = *study[*assigned.series[n]];
    const auto* best = base ? study[*assigned.series[*base]] : nullptr;
    const bool marked = !c.labelFiles.empty();
    if (!best || std::pair(marked, c.geometry.voxels()) > std::pair(!best->labelFiles.empty(), best->geometry.voxels()))
      base = n;
  }
  if (labelled > 1) assigned.problem = "several of the series have labels of their own";
  if (base && labelled == 1 && study[*assigned.series[*base]]->labelFiles.empty())
    assigned.problem = "the labels lie on a series that is none of the inputs";
  for (const auto& at : assigned.series)
    if (base && at && !liesIn(study[*at]->geometry, study[*assigned.series[*base]]->geometry) &&
        !liesIn(study[*assigned.series[*base]]->geometry, study[*at]->geometry))
      assigned.problem = "the series lie mostly beside each other";
  return assigned.problem.empty() ? base : std::nullopt;
}

Case joined(const std::vector<const Case*>& study, const Assigned& assigned, std::size_t base,
            const plan::Data& options) {
  Case out = *study[*assigned.series[base]];
  for (std::size_t n = 0; n < assigned.series.size(); ++n) {
    if (!assigned.series[n]) continue;
    const auto& series = *study[*assigned.series[n]];
    Channel channel{options.inputs[n].first, series.modality, 0, -1};
    const auto& names = options.inputs[n].second.names;
    if (!names.empty()) channel.name = names.front();
    if (n != base) {
      out.others.push_back(series);
      channel.file = static_cast<int>(out.others.size());
    }
    out.channels.push_back(channel);
  }
  return out;
}

}  // namespace

void offerChannels(Pairing& out) {
  std::map<std::string, std::vector<const Case*>> spaces;
  for (const auto& c : out.cases)
    if (c.kind == "dicom" && !c.space.empty()) spaces[c.patient + " " + c.space].push_back(&c);
  std::size_t studies = 0;
  const Case *one = nullptr, *other = nullptr;
  for (const auto& [space, own] : spaces) {
    const auto second = std::ranges::find_if(own, [&](const Case* c) {
      return c != own.front() && c->description != own.front()->description &&
             liesIn(c->geometry, own.front()->geometry);
    });
    if (second == own.end()) continue;
    ++studies;
    if (!one) one = own.front(), other = *second;
  }
  if (studies == 0) return;
  const auto called = [](const Case& c) { return "'" + (c.description.empty() ? c.modality : c.description) + "'"; };
  out.findings.emplace_back(
      one->imageFiles.front().parent_path(),
      io::Finding{io::Finding::Severity::Note, "several-series",
                  "in " + std::to_string(studies) + " studies several series lie in one space, here " + called(*one) +
                      " and " + called(*other) +
                      ": each is an image of its own, unless the plan's data.inputs name several, which makes them "
                      "channels of one image"});
}

void joinSeries(std::vector<Case>& cases, const plan::Data& options, Progress& progress) {
  if (options.inputs.size() < 2) return;
  std::map<std::string, std::vector<std::size_t>> studies;
  for (std::size_t n = 0; n < cases.size(); ++n)
    if (cases[n].kind == "dicom" && !cases[n].space.empty() && cases[n].channels.empty())
      studies[cases[n].patient + " " + cases[n].space].push_back(n);
  std::map<std::string, int> problems;
  std::set<std::size_t> gone;
  for (const auto& [space, own] : studies) {
    if (own.size() < 2) continue;
    std::vector<const Case*> study;
    for (const auto n : own) study.push_back(&cases[n]);
    auto assigned = assignInputs(study, options);
    const auto base = baseOf(study, assigned);
    if (!base) {
      ++problems[assigned.problem.empty() ? "no series is called like an input" : assigned.problem];
      continue;
    }
    const auto at = own[*assigned.series[*base]];
    auto image = joined(study, assigned, *base, options);
    for (const auto& series : assigned.series)
      if (series && own[*series] != at) gone.insert(own[*series]);
    cases[at] = std::move(image);
  }
  std::size_t number = 0;
  std::erase_if(cases, [&](const Case&) { return gone.contains(number++); });
  for (const auto& [why, count] : problems)
    progress.note("the series of " + std::to_string(count) + " studies are not joined to channels of one image: " +
                  why + "; data.inputs.CHANNEL.names can give the description of the series.");
}

}  // namespace lorkd::data
