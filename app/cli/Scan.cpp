#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "app/cli/LayoutArguments.h"
#include "core/base/Printable.h"
#include "core/data/Catalogue.h"
#include "core/data/Channels.h"

namespace lorkd::cli {
namespace {

constexpr int kIncomplete = 4;  // exit code

struct ScanOptions {
  std::string folder, index, source;
  LayoutArguments layout;
};

const char* word(io::Finding::Severity severity) {
  switch (severity) {
    case io::Finding::Severity::Note:
      return "note";
    case io::Finding::Severity::Warning:
      return "warning";
    case io::Finding::Severity::Consent:
      return "needs consent";
    case io::Finding::Severity::Unusable:
      return "unusable";
  }
  return "";
}

std::string sizeText(const image::Geometry& g) {
  std::ostringstream out;
  out.precision(4);
  if (g.pixels) {
    out << g.size[0] << "x" << g.size[1] << " pixels";
    return out.str();
  }
  out << g.size[0] << "x" << g.size[1] << "x" << g.size[2] << " at " << g.spacing[0] << "x" << g.spacing[1] << "x"
      << g.spacing[2] << " mm";
  return out.str();
}

/// "12 pictures of 4 people (train 8, test 4)": at most so many people.
std::string picturesText(const data::PictureCounts& counts) {
  std::string parts;
  for (const auto& [part, count] : counts.parts)
    parts += (parts.empty() ? " (" : ", ") + (part.empty() ? "of no part" : part) + " " + std::to_string(count);
  return std::to_string(counts.pictures) + " pictures of " + std::to_string(counts.people) + " people" +
         (parts.empty() || counts.parts.size() + counts.parts.count("") == 2 ? "" : parts + ")");
}

/// ", channels T1, T2" where there are several.
std::string channelsText(const data::Case& item) {
  if (item.channels.size() < 2) return {};
  std::string out;
  for (const auto& name : data::channelNames(item))
    out += (out.empty() ? ", channels " : ", ") + printable(name, false);
  return out;
}

Result<void> scan(const ScanOptions& options, const Context& context) {
  const auto index = options.index.empty() ? std::string(":memory:") : options.index;
  LORKD_TRY(catalogue, data::Catalogue::open(index));
  auto folder = options.folder;
  LORKD_TRY(chosen, options.layout.chosen(options.source, folder));
  if (folder.empty())
    return fail(ErrorCode::InvalidArgument, "no folder to scan", "name one, or a plan (--plan) that does");
  LORKD_CHECK(catalogue.scan(options.source, folder, *context.progress, context.cancel(), chosen));
  LORKD_TRY(readAs, catalogue.readAs(options.source));
  LORKD_TRY(cases, catalogue.cases(options.source));
  LORKD_TRY(series, catalogue.series(options.source));
  LORKD_TRY(rejected, catalogue.rejected(options.source));

  std::ostringstream text;
  Json answer{
      {"series", series.size()}, {"cases", Json::array()}, {"findings", Json::array()}, {"layout", readAs.reader}};
  std::map<std::string, int> labels, whole;
  std::size_t labelled = 0;
  for (const auto& item : cases) {
    labelled += item.labels.empty() ? 0 : 1;
    for (const auto& label : item.labels) ++labels[label];
    for (const auto& label : item.imageLabels) ++whole[label];
    text << item.id << "  " << printable(item.modality.empty() ? item.kind : item.modality, false) << " "
         << printable(item.bodyPart, false) << "  "
         << (item.kind == "picture" ? picturesText(item.counts) : sizeText(item.geometry)) << "  " << item.labels.size()
         << " labels" << channelsText(item) << "\n";
    answer["cases"].push_back({{"id", item.id},
                               {"kind", item.kind},
                               {"patient", item.patient},
                               {"labels", item.labels},
                               {"channels", data::channelNames(item)}});
    if (!item.split.empty()) answer["cases"].back()["split"] = item.split;
    if (!item.imageLabels.empty()) answer["cases"].back()["image_labels"] = item.imageLabels;
    if (item.kind == "picture") {
      answer["cases"].back()["pictures"] = item.counts.pictures;
      answer["cases"].back()["people"] = item.counts.people;
      answer["cases"].back()["parts"] = item.counts.parts;
    }
  }
  const auto finding = [&](const std::string& place, const io::Finding& f) {
    // Within its line: a name with an end of line in it would look like another finding.
    text << "  " << word(f.severity) << " [" << f.code << "] " << printable(place, false) << ": "
         << printable(f.message, false) << "\n";
    answer["findings"].push_back(
        {{"place", place}, {"severity", word(f.severity)}, {"code", f.code}, {"message", f.message}});
  };
  for (const auto& s : series)
    for (const auto& f : s.findings)
      if (f.severity != io::Finding::Severity::Unusable)  // those stand among the rejected
        finding(s.instances.empty() ? s.modality + " series" : s.instances.front().file.parent_path().string(), f);
  for (const auto& [file, f] : rejected) finding(file.string(), f);
  const auto unread = std::ranges::count_if(rejected, [](const auto& r) { return io::leavesUnread(r.second); });
  answer["unread"] = unread;
  const auto withCode = [&](const std::set<std::string>& codes) {
    return std::ranges::count_if(rejected, [&](const auto& r) { return codes.contains(r.second.code); });
  };
  const auto apart = withCode({"unpaired-label"}), useless = withCode({"label-geometry", "label-values"});
  const auto asked = std::ranges::count_if(cases, [](const auto& c) { return !c.consent.empty(); });
  answer["unpaired"] = apart;
  answer["asked"] = asked;
  text << series.size() << " series, " << cases.size() << " images, " << labelled << " with labels";
  if (!labels.empty()) {
    text << ":\n  ";
    for (const auto& [label, count] : labels) text << printable(label, false) << " (" << count << ")  ";
  }
  if (!whole.empty()) {
    text << "\n  of whole volumes: ";
    for (const auto& [label, count] : whole) text << printable(label, false) << " (" << count << ")  ";
  }
  if (asked > 0) text << "\n" << asked << " image(s) are left out until the plan accepts their findings";
  if (apart > 0)
    text << "\n"
         << apart << " label file(s) belong to no image by their names: data.sources.NAME.layout can say to which";
  if (auto forPlan = options.layout.forPlan(chosen, folder); !forPlan.is_null()) {
    text << "\na plan says the same in data.sources: " << printable(Json{{options.source, forPlan}}.dump(), false);
    answer["source"] = std::move(forPlan);
  }
  if (labelled == 0 && apart + useless > 0) {
    // A set of which no label is used is not read as it is meant.
    text << "\nincomplete: no image has labels, though there are " << apart + useless << " label file(s)";
    context.code = kIncomplete;
  }
  if (unread > 0) {
    text << "\nincomplete: " << unread << " file(s) or folder(s) could not be read";
    context.code = kIncomplete;
  }
  if (cases.empty()) context.code = 1;
  context.answer(answer, text.str());
  return {};
}

}  // namespace

void addScan(CLI::App& app, Context& context) {
  auto options = std::make_shared<ScanOptions>();
  auto* command =
      app.add_subcommand("scan", "List what a folder of DICOM or NIfTI holds, pair labels, say what is unusable");
  command->footer(
      "Exit codes: 0 all was read; 4 the scan is incomplete, since files or folders could not be read (they "
      "are listed), or there are label files and none of them is used; 1 nothing can be used; 3 stopped.");
  command->add_option("folder", options->folder, "Folder to scan");
  command->add_option("--index", options->index, "Keep the result in this index (SQLite), as a project does");
  command->add_option("--source", options->source, "Name of the data source in the index")->default_val("data");
  options->layout.addTo(*command);
  command->callback([options, &context] { context.action = [options, &context] { return scan(*options, context); }; });
}

}  // namespace lorkd::cli
