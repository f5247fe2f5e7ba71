// The index of a project: what was scanned where, which labels belong to which image, what cannot be used and why.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/Case.h"
#include "core/data/layout/Reading.h"
#include "core/io/Series.h"

namespace lorkd::data {

/// SQLite file with the scanned series, loose files, findings and cases of a project. Reopened instantly. The index of
/// an older version keeps its secret, so that pseudonyms stay, and forgets its sources, which must be scanned again.
/// Errors carry the file's path. One handle per thread.
class Catalogue {
 public:
  /// Opens or makes the index. Errors: Io, Format (not an index, or of a newer program).
  static Result<Catalogue> open(const std::filesystem::path& file);
  /// Opens an index that is there and of this version without writing, so that it can be read where nothing can be
  /// written, and never waits for a scan. Only questions may be asked. An older index is renewed first, as by open().
  /// Errors: NotFound, Io, Format.
  static Result<Catalogue> openToRead(const std::filesystem::path& file);
  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;
  ~Catalogue();

  /// Scans `folder` as data source `source`. Only files that are new, or not of the size and time they had, are read;
  /// what was read is kept even if the scan is cancelled or killed, and the next goes on there. What was known of the
  /// source is replaced at the end, in one transaction, so that others see the old or the new. A folder that was moved
  /// is the same source with another path, and nothing is read again.
  /// Labels are paired: SEG by references, NIfTI by name and geometry (rules in Pairing.h); an image without labels is
  /// a case too. `folder` may also be a single .npz or NIfTI file, a CSV that names pictures, or a folder of pictures
  /// (one folder a class, or with such CSVs); a DICOMDIR stands for its folder. Errors: those of io::listFolder,
  /// io::examineAll and io::checkUsable; InvalidArgument for any other single file.
  /// `chosen` says how names are read; where it is not what the last scan was told, files are put together anew.
  Result<void> scan(const std::string& source, const std::filesystem::path& folder, Progress& progress,
                    const CancelToken& cancel, const layout::Chosen& chosen = {});

  /// Every case, or those of one source.
  Result<std::vector<Case>> cases(const std::string& source = {}) const;
  /// Every series with its findings (source data: for the screen, not for runs or reports).
  Result<std::vector<io::Series>> series(const std::string& source = {}) const;
  /// Files and series that cannot be used, and why.
  Result<std::vector<std::pair<std::filesystem::path, io::Finding>>> rejected(const std::string& source = {}) const;
  /// Names of the scanned sources and their folders.
  Result<std::vector<std::pair<std::string, std::filesystem::path>>> sources() const;

  /// How a scanned source was read. Errors: NotFound (it was never scanned to the end).
  struct ReadAs {
    plan::Layout layout;  ///< as the scan was told
    std::string reader;   ///< the reader's name; "rules", "table" or "names"
  };
  Result<ReadAs> readAs(const std::string& source) const;

  /// Keyed pseudonym of an identifier, 64 hex digits, by the index's secret: the ids of cases and patients are "case-"
  /// and "patient-" with the first ten of those of their UIDs, patient ids or paths.
  std::string pseudonym(const std::string& identifier) const;

  /// What keep() was given for `key` while each of `files` had the size and time it has now; nothing else.
  Result<std::optional<std::string>> kept(const std::string& key,
                                          const std::vector<std::filesystem::path>& files) const;
  Result<void> keep(const std::string& key, const std::vector<std::filesystem::path>& files, const std::string& bytes);

 private:
  struct Impl;
  explicit Catalogue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

}  // namespace lorkd::data
