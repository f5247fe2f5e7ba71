// Whose image is it: what a plan says of it (data.sources.NAME.layout.patients).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/Expression.h"
#include "core/data/layout/Assignment.h"

namespace lorkd::data::layout {

/// A regular expression on the image's path, or a table.
class Patients {
 public:
  /// `pattern` is searched for in the path below the source; what its groups hold, joined by '_', is the patient, the
  /// whole match where it has none. `table` is a CSV with a column image (or file, filename, path) and a column
  /// patient: a path below the source's folder, a file's name, or that without its ending; it goes before the pattern.
  /// Both may be empty. Errors: InvalidArgument (the pattern), NotFound and Format (the table; a file of two patients).
  static Result<Patients> make(const std::string& pattern, const std::filesystem::path& table);

  bool empty() const { return !m_pattern && m_byPath.empty(); }
  /// The patient of the image at a path below the source; nothing where neither says.
  std::optional<std::string> of(const std::string& path) const;
  /// What the pattern's groups hold in a path, the whole match first; nothing where it does not match.
  std::optional<Expression::Groups> groups(const std::string& path) const;

 private:
  std::optional<Expression> m_pattern;
  std::map<std::string, std::string> m_byPath;  ///< by path, name or stem, whichever the table has
};

}  // namespace lorkd::data::layout
