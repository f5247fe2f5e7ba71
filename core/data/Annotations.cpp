#include "core/data/Annotations.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "core/data/Pairing.h"

namespace lorkd::data {

void findUnannotated(std::vector<Case>& cases) {
  const auto counts = [](const Case& c) { return c.kind != "picture" && !c.labels.empty(); };
  std::map<std::string, std::string> spoken;  // by folded name, as written
  for (const auto& c : cases)
    if (counts(c))
      for (const auto& label : c.labels) spoken.emplace(image::folded(label), label);
  for (auto& c : cases) {
    if (!counts(c)) continue;
    std::vector<std::string> own;
    for (const auto& label : c.labels) own.push_back(image::folded(label));
    std::ranges::sort(own);
    for (const auto& [folded, label] : spoken)
      if (!std::ranges::binary_search(own, folded)) c.unannotated.push_back(label);
  }
}

void joinSpellings(const std::filesystem::path& folder, Pairing& out) {
  std::map<std::string, std::map<std::string, int>> spellings;  // by folded name, with how many cases write it so
  for (const auto& c : out.cases)
    if (c.kind != "picture")
      for (const auto& label : c.labels) ++spellings[image::folded(label)][label];
  std::map<std::string, std::string> chosen;
  std::string told;
  for (const auto& [folded, ways] : spellings) {
    if (ways.size() < 2) continue;
    const auto& name = std::ranges::max_element(ways, {}, [](const auto& way) { return way.second; })->first;
    chosen.emplace(folded, name);
    for (const auto& [way, count] : ways)
      if (way != name) told += (told.empty() ? "" : ", ") + way + " as " + name;
  }
  if (chosen.empty()) return;
  const auto respell = [&](std::string& name) {
    if (const auto as = chosen.find(image::folded(name)); as != chosen.end()) name = as->second;
  };
  for (auto& c : out.cases) {
    if (c.kind == "picture") continue;
    std::ranges::for_each(c.labels, respell);
    std::ranges::for_each(c.contested, respell);
    for (auto& label : c.labelInfo) respell(label.name);
  }
  out.findings.emplace_back(folder, io::Finding{io::Finding::Severity::Note, "classes-joined",
                                                "names that differ in letter case alone are one structure: " + told});
}

namespace {

/// A number, or what else is a name in its own source only: a mask's colour, or a mask without a name.
bool isValue(const std::string& label) {
  if (label == kUnnamedMask || label.starts_with('#')) return true;
  return !label.empty() && std::ranges::all_of(label, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string ownName(const Case& c, const std::string& label) { return isValue(label) ? c.source + ":" + label : label; }

}  // namespace

void keepValuesApart(Case& c) {
  if (c.places.empty()) return;  // its structures have names of their own
  for (auto* names : {&c.labels, &c.unannotated, &c.contested})
    for (auto& name : *names) name = ownName(c, name);
  for (auto& label : c.labelInfo) label.name = ownName(c, label.name);
}

std::string bareValue(const std::vector<std::string>& wanted, const Case& c) {
  for (const auto& label : wanted)
    if (isValue(label) && std::ranges::count(c.labels, ownName(c, label)) > 0) return ownName(c, label);
  return {};
}

void takeSource(Case& c, const plan::Plan& plan) {
  const auto* known = plan.data.sources.find(c.source);
  if (!known) return;
  const auto& source = *known;
  auto annotates = source.annotates;
  if (plan.data.sources.size() > 1 && !c.places.empty()) {
    keepValuesApart(c);
    for (auto& name : annotates) name = ownName(c, name);
  }
  takeAnnotated(c, annotates);
  if (source.answers != plan::SourceAnswers::Ask) c.answers = toString(source.answers);
}

AnnotationMatrix annotationMatrix(const std::vector<Case>& cases) {
  AnnotationMatrix out;
  std::map<std::string, std::string> structures;  // by folded name, as written
  std::map<std::string, std::size_t> sources;
  const auto counts = [](const Case& c) { return c.kind != "picture" && !c.labelFiles.empty(); };
  for (const auto& c : cases) {
    if (!counts(c)) continue;
    sources.emplace(c.source, 0);
    for (const auto& label : c.labels) structures.emplace(image::folded(label), label);
  }
  for (auto& [name, at] : sources) {
    at = out.sources.size();
    out.sources.push_back(name);
  }
  std::map<std::string, std::size_t> rows;
  for (const auto& [folded, written] : structures) {
    rows[folded] = out.rows.size();
    out.rows.push_back({written, std::vector<Spoken>(sources.size())});
  }
  for (const auto& c : cases) {
    if (!counts(c)) continue;
    const auto at = sources.at(c.source);
    for (auto& row : out.rows) ++row.bySource[at].images;
    for (const auto& label : c.labels) ++out.rows[rows.at(image::folded(label))].bySource[at].annotated;
    for (const auto& label : c.contested)
      if (const auto row = rows.find(image::folded(label)); row != rows.end())
        ++out.rows[row->second].bySource[at].contested;
  }
  return out;
}

void takeAnnotated(Case& c, const std::vector<std::string>& names) {
  if (c.kind == "picture" || c.labelFiles.empty()) return;
  for (const auto& name : names) {
    const auto same = [&](const std::string& other) { return image::sameLabel(other, name); };
    std::erase_if(c.unannotated, same);
    if (std::ranges::any_of(c.labels, same) || std::ranges::any_of(c.damaged, same)) continue;
    c.labels.push_back(name);
    if (!c.places.empty()) c.places.emplace_back();
    if (!c.labelInfo.empty()) c.labelInfo.push_back({.name = name});
  }
}

}  // namespace lorkd::data
