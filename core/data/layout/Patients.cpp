#include "core/data/layout/Patients.h"

#include "core/base/Composed.h"
#include "core/base/File.h"
#include "core/data/layout/ColumnNames.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestPatientTable = std::uintmax_t(64) << 20;  // bytes

Result<std::map<std::string, std::string>> readTable(const fs::path& table) {
  LORKD_TRY(text, readFile(table, kLargestPatientTable));
  const auto csv = io::parseCsv(text);
  if (!csv) return fail(csv.error(), table.string());
  const auto image =
      csv->column({"image", "file", "filename", "path", "name", "datei", "dateiname", "bild", "fichier", "archivo"});
  const auto patient = patientColumn(*csv);
  if (image == csv->header.size() || patient == csv->header.size())
    return fail(ErrorCode::Format, "it needs a column image and a column patient",
                "begin the table with the line image,patient", table.string());
  std::map<std::string, std::string> out;
  for (const auto& row : csv->rows) {
    const auto place = table.string() + ": line " + std::to_string(row.line);
    if (row[image].empty() || row[patient].empty())
      return fail(ErrorCode::Format, "the image or its patient is missing", "fill both cells", place);
    const auto name = composed(io::pathOfCell(row[image]).lexically_normal().generic_string());
    const auto [known, fresh] = out.emplace(name, composed(row[patient]));
    if (!fresh && known->second != composed(row[patient]))
      return fail(ErrorCode::Format,
                  row[image] + " has another patient than above: '" + row[patient] + "', not '" + known->second + "'",
                  "give one image one patient", place);
  }
  return out;
}

}  // namespace

Result<Patients> Patients::make(const std::string& pattern, const fs::path& table) {
  Patients out;
  if (!pattern.empty()) {
    auto compiled = Expression::compile(pattern);
    if (!compiled) return fail(compiled.error(), "the pattern of patients " + pattern);
    out.m_pattern = std::move(*compiled);
  }
  if (!table.empty()) {
    LORKD_TRY(read, readTable(table));
    out.m_byPath = std::move(read);
  }
  return out;
}

std::optional<Expression::Groups> Patients::groups(const std::string& path) const {
  return m_pattern ? m_pattern->find(composed(path)) : std::nullopt;
}

std::optional<std::string> Patients::of(const std::string& path) const {
  for (const auto& name : {path, fs::path(path).filename().generic_string(), stemOf(path)})
    if (const auto known = m_byPath.find(composed(io::pathOfCell(name).generic_string())); known != m_byPath.end())
      return known->second;
  const auto found = groups(path);
  if (!found) return std::nullopt;
  std::string out;
  for (std::size_t n = 1; n < found->size(); ++n)
    if ((*found)[n]) out += (out.empty() ? "" : "_") + *(*found)[n];
  if (found->size() == 1) out = found->front().value_or("");
  return out.empty() ? std::nullopt : std::optional(out);
}

}  // namespace lorkd::data::layout
