// Whether cases still are what a run has frozen.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/data/CaseList.h"

namespace lorkd::data {

/// Sizes and times of files; their names too, but not where they lie.
std::string stampOf(const std::vector<std::filesystem::path>& files);

/// Digests of the cases of one run, each taken once and again where a file has another size or time. Whoever computes
/// with a frozen case, or shows it, asks here first, and once more when it has read the files.
class Digests {
 public:
  /// inputDigest() of the case, which reads all its files. Errors: Mismatch where the run has frozen another one; those
  /// of reading.
  Result<std::string> of(const AssignedCase& c);

 private:
  struct Known {
    std::string stamp, digest;
  };
  std::map<std::string, Known> m_known;
};

}  // namespace lorkd::data
