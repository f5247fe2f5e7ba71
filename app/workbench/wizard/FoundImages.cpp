#include "app/workbench/wizard/FoundImages.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <algorithm>
#include <filesystem>
#include <set>

#include "app/workbench/Text.h"
#include "core/base/Guard.h"
#include "core/data/Annotations.h"
#include "core/data/PictureCase.h"
#include "core/data/layout/Readers.h"

namespace lorkd::workbench {
namespace {

QString say(const char* words) { return QCoreApplication::translate("FoundImages", words); }

/// With whole paths of its tables: the index may have been told them so.
plan::Layout placed(plan::Layout layout, const QString& folder) {
  for (auto* table : {&layout.table, &layout.patients.table})
    if (!table->empty()) *table = (std::filesystem::path(folder.toStdString()) / *table).lexically_normal().string();
  return layout;
}

QString readAs(const std::string& reader) {
  if (reader == "names") return say("by the words in the names");
  if (reader == "rules") return say("by patterns");
  if (reader == "table") return say("by a table");
  for (const auto& known : data::layout::builtInReaders())
    if (known.name == reader) return text(known.title);
  return text(reader);
}

/// One source's part of the list.
class Listing {
 public:
  Listing(FoundImages& out, const std::filesystem::path& folder, std::set<std::string> accepted)
      : m_out(out), m_folder(folder), m_accepted(std::move(accepted)) {}

  void add(data::Case item) {
    auto& patient = m_patients[item.patient];
    QStringList labels;
    for (const auto& label : item.labels) labels << text(label);
    Row image{
        {text(item.id), kindText(item), text(item.geometry), labels.isEmpty() ? say("no labels") : labels.join(", ")}};
    const auto place = item.imageFiles.empty()
                           ? QString()
                           : say("%1 · files: %2").arg(below(item.imageFiles.front())).arg(item.imageFiles.size());
    image.tips = {place, {}, {}, image.cells[3]};
    for (const auto& code : item.consent) ++m_out.waiting[code];
    if (std::ranges::all_of(item.consent, [&](const auto& code) { return m_accepted.contains(code); })) {
      m_out.labelled += item.labels.empty() && item.imageLabels.empty() ? 0 : 1;
      m_out.cases.push_back(std::move(item));
    } else {
      image.cells[3] = say("left out: needs consent");
      ++m_out.leftOut;
    }
    patient.below.push_back(std::move(image));
  }

  void add(const QString& place, const io::Finding& finding) {
    m_findings.push_back({{place, text(finding.severity), text(finding.code), text(finding.message)},
                          {{}, {}, {}, text(finding.message)}});
    if (io::mayHideImages(finding)) ++m_out.waiting["unreadable"];
    m_out.unusable += finding.severity == io::Finding::Severity::Unusable ? 1 : 0;
  }

  QString below(const std::filesystem::path& path) const {
    const auto relative = path.lexically_relative(m_folder);
    return text((relative.empty() || relative == "." ? path.filename() : relative).string());
  }

  void finish() {
    for (auto& [id, patient] : m_patients) {
      patient.cells = {text(id), {}, {}, say("images: %1").arg(patient.below.size())};
      patient.open = true;
      m_out.rows.push_back(std::move(patient));
    }
    std::ranges::move(m_findings, std::back_inserter(m_out.rows));
  }

 private:
  FoundImages& m_out;
  std::filesystem::path m_folder;
  std::set<std::string> m_accepted;
  std::map<std::string, Row> m_patients;
  std::vector<Row> m_findings;
};

/// `several`: the project has other sources, too.
Result<void> list(const data::Catalogue& index, const std::string& name, bool several, Listing& listing) {
  LORKD_TRY(cases, index.cases(name));
  for (auto& item : cases) {
    if (several) data::keepValuesApart(item);
    listing.add(std::move(item));
  }
  LORKD_TRY(all, index.series(name));
  int withPrivate = 0;
  for (const auto& series : all)
    for (const auto& finding : series.findings)
      if (finding.code == "private-elements")
        ++withPrivate;
      else if (finding.severity != io::Finding::Severity::Unusable)  // those stand among the rejected
        listing.add(series.instances.empty() ? QString() : listing.below(series.instances.front().file.parent_path()),
                    finding);
  if (withPrivate > 0)
    listing.add(text(name), {io::Finding::Severity::Note, "private-elements",
                             say("neither read nor written, though makers may repeat names and dates in them; series "
                                 "that have some: %1")
                                 .arg(withPrivate)
                                 .toStdString()});
  LORKD_TRY(rejected, index.rejected(name));
  for (const auto& [file, finding] : rejected) listing.add(listing.below(file), finding);
  listing.finish();
  return {};
}

Result<void> listAll(const QString& file, const Json& sources, FoundImages& out) {
  for (const auto& [name, source] : sources.items()) {
    const auto folder = text(source, "path");
    out.sources.push_back({text(name), folder, QFileInfo::exists(folder)});
  }
  auto index = data::Catalogue::openToRead(file.toStdString());
  if (!index && index.error().code == ErrorCode::NotFound) return {};
  if (!index) return std::unexpected(index.error());
  LORKD_TRY(known, index->sources());
  for (auto& source : out.sources) {
    const auto name = source.name.toStdString();
    source.scanned = std::ranges::any_of(known, [&](const auto& entry) { return entry.first == name; });
    if (source.scanned) {
      LORKD_TRY(told, index->readAs(name));
      const auto wanted = sources[name].value("layout", Json::object()).get<plan::Layout>();
      source.readAs = readAs(told.reader);
      source.scanned = placed(told.layout, source.folder) == placed(wanted, source.folder);
    }
    if (!source.there) continue;
    Listing listing(out, source.folder.toStdString(), sources[name].value("accept", std::set<std::string>()));
    LORKD_CHECK(list(*index, name, sources.size() > 1, listing));
  }
  return {};
}

}  // namespace

QString kindText(const data::Case& item) {
  if (!item.modality.empty()) return text(item.modality + " " + item.bodyPart);
  return item.kind == data::kPictureCase ? say("picture")
         : item.kind == "picture"        ? say("set of pictures")
                                         : text(item.kind);
}

FoundImages findImages(const QString& index, const Json& sources) {
  FoundImages out;
  const auto done = guarded("index", [&] { return listAll(index, sources, out); });
  if (!done) out.error = text(done.error().text());
  return out;
}

}  // namespace lorkd::workbench
