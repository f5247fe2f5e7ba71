#include <algorithm>
#include <map>
#include <set>

#include "core/base/Composed.h"
#include "core/base/File.h"
#include "core/data/layout/ColumnNames.h"
#include "core/data/layout/Rule.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestTable = std::uintmax_t(64) << 20;  // bytes

/// Reads a table of images and labels, row by row.
class TableReader {
 public:
  TableReader(const fs::path& table, const Files& files, std::vector<LeftOut>& left)
      : m_table(table), m_files(files), m_left(left), m_there(files.volumes.begin(), files.volumes.end()) {
    m_there.insert(files.folders.begin(), files.folders.end());
    for (const auto& file : m_there) m_composed.emplace(composed(file), file);
  }

  Result<Assignment> read() {
    LORKD_TRY(text, readFile(m_table, kLargestTable));
    auto csv = io::parseCsv(text);
    if (!csv) return fail(csv.error(), m_table.string());
    m_csv = std::move(*csv);
    m_image = m_csv.column({"image", "file", "filename", "path"});
    m_label = m_csv.column({"label", "labels", "mask", "segmentation"});
    m_channel = m_csv.column({"channel"});
    m_structure = m_csv.column({"structure"});
    // As tables of pictures have them, too: what is not known by its name would be left out of the divisions.
    m_patient = patientColumn(m_csv);
    m_split = m_csv.column({"split", "set", "subset", "partition"});
    m_reader = m_csv.column({"reader"});
    m_case = m_csv.column({"case"});
    if (m_image == m_csv.header.size())
      return fail(ErrorCode::Format, "no column is called image",
                  "begin the table with a line such as image,label,patient", m_table.string());
    tellUnused();
    for (const auto& row : m_csv.rows) LORKD_CHECK(take(row));
    if (m_out.empty())
      return fail(ErrorCode::NotFound, "none of the files that the table names is there",
                  "paths are relative to the table's folder, and the files are to lie below " + m_files.folder.string(),
                  m_table.string());
    return std::move(m_out);
  }

 private:
  std::unexpected<Error> wrong(const io::Csv::Row& row, const std::string& what, const std::string& hint) const {
    return fail(ErrorCode::InvalidArgument, what, hint, m_table.string() + ": line " + std::to_string(row.line));
  }

  std::string belowSource(const fs::path& path) const {
    const auto whole = (fs::absolute(m_table).parent_path() / path).lexically_normal();
    return whole.lexically_relative(fs::absolute(m_files.folder).lexically_normal()).generic_string();
  }

  /// A column that nobody reads may be one that was meant to count.
  void tellUnused() {
    const std::set<std::size_t> used{m_image, m_label, m_channel, m_structure, m_patient, m_split, m_reader, m_case};
    std::string names;
    for (std::size_t n = 0; n < m_csv.header.size(); ++n)
      if (!m_csv.header[n].empty() && !used.contains(n))
        names += (names.empty() ? "" : ", ") + m_csv.header[n].substr(0, 60);
    if (!names.empty())
      m_left.push_back({m_table.generic_string(), "table-column",
                        "columns of no name that is known here, which are not used: " + names +
                            "; known are image, label, channel, structure, patient, split, reader and case"});
  }

  /// The path below the source; empty where the cell is, or where no such file was found, which is noted.
  Result<std::string> fileOf(const io::Csv::Row& row, std::size_t column) {
    const auto& cell = row[column];
    if (cell.empty()) return std::string();
    auto relative = belowSource(cell);
    if (!m_there.contains(relative) && !m_there.contains(relative + "/")) relative = belowSource(io::pathOfCell(cell));
    if (relative.empty() || relative.starts_with(".."))
      return wrong(row, cell + " does not lie in the source's folder", "scan a folder that holds it");
    for (const auto& name : {relative, relative + "/"}) {
      if (m_there.contains(name)) return name;
      if (const auto known = m_composed.find(composed(name)); known != m_composed.end()) return known->second;
    }
    m_left.push_back({relative, "table-row",
                      "line " + std::to_string(row.line) + " of " + m_table.filename().string() +
                          " names it, and there is no such volume"});
    return std::string();
  }

  /// The image that a row is about: rows of one name are channels of one.
  std::string groupOf(const io::Csv::Row& row, const std::string& image) {
    if (const auto known = m_out.find(image); known != m_out.end()) return known->second.key.at("image");
    if (!row[m_case].empty()) return "case " + row[m_case];
    if (row[m_channel].empty()) return image;
    if (!row[m_label].empty()) return "label " + row[m_label];
    return row[m_patient].empty() ? image : "patient " + row[m_patient];
  }

  Result<void> take(const io::Csv::Row& row) {
    if (row[m_image].empty()) return wrong(row, "the image is missing", "each row names one");
    LORKD_TRY(image, fileOf(row, m_image));
    LORKD_TRY(label, fileOf(row, m_label));
    if (image.empty()) return {};
    const auto group = groupOf(row, image);
    LORKD_CHECK(takeImage(row, image, group));
    return label.empty() ? Result<void>() : takeLabel(row, label, group);
  }

  Result<void> takeImage(const io::Csv::Row& row, const std::string& image, const std::string& group) {
    const auto split = splitOfWord(io::lowered(row[m_split]));
    if (!row[m_split].empty() && split.empty())
      return wrong(row, "the split '" + row[m_split] + "' is unknown", "write train, validation or test");
    Assigned file;
    file.key["image"] = group;
    file.channel = row[m_channel];
    file.patient = composed(row[m_patient]);
    file.split = split;
    const auto [known, fresh] = m_out.emplace(image, file);
    const auto& before = known->second;
    const auto twice = [&](const char* what, const std::string& then, const std::string& now) {
      return wrong(row, row[m_image] + " has another " + what + " than above: '" + now + "', not '" + then + "'",
                   "give one image one " + std::string(what));
    };
    if (before.use != Assigned::Use::Image)
      return wrong(row, row[m_image] + " is a label file in another row", "name it in one of the columns alone");
    if (before.patient != file.patient) return twice("patient", before.patient, file.patient);
    if (before.split != file.split) return twice("split", before.split, file.split);
    if (before.channel != file.channel) return twice("channel", before.channel, file.channel);
    if (!row[m_case].empty() && before.key.at("image") != "case " + row[m_case])
      return wrong(row, row[m_image] + " belongs to another case above", "give one image one case");
    if (!fresh) return {};
    auto& [patient, channels] = m_groups.emplace(group, std::pair(file.patient, std::set<std::string>())).first->second;
    if (patient != file.patient)
      return wrong(row, "the channels of one image have two patients: '" + patient + "' and '" + file.patient + "'",
                   "a column case says which rows are one image");
    if (!channels.insert(file.channel).second)
      return wrong(row, "the image has the channel '" + file.channel + "' twice",
                   "a column case says which rows are one image");
    return {};
  }

  Result<void> takeLabel(const io::Csv::Row& row, const std::string& label, const std::string& group) {
    Assigned file;
    file.use = Assigned::Use::Labels;
    file.key["image"] = group;
    file.structure = row[m_structure];
    file.reader = row[m_reader];
    const auto& before = m_out.emplace(label, file).first->second;
    if (before.use != Assigned::Use::Labels)
      return wrong(row, row[m_label] + " is an image in another row", "name it in one of the columns alone");
    if (before.key != file.key || before.structure != file.structure)
      return wrong(row, row[m_label] + " is that of another image or structure above",
                   "give one label file one image and one structure; channels of one image have one case");
    return {};
  }

  fs::path m_table;
  const Files& m_files;
  std::vector<LeftOut>& m_left;
  std::set<std::string> m_there;
  std::map<std::string, std::string> m_composed;  ///< the same by their names in one form, see Composed.h
  io::Csv m_csv;
  std::size_t m_image = 0, m_label = 0, m_channel = 0, m_structure = 0, m_patient = 0, m_split = 0, m_reader = 0,
              m_case = 0;
  Assignment m_out;
  std::map<std::string, std::pair<std::string, std::set<std::string>>> m_groups;
};

}  // namespace

Result<Assignment> assignTable(const fs::path& table, const Files& files, std::vector<LeftOut>& left) {
  return TableReader(table, files, left).read();
}

}  // namespace lorkd::data::layout
