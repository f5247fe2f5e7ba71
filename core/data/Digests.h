// Whether cases still are what a run has frozen.
#pragma once

#include <map>
#include <string>

#include "core/data/CaseList.h"

namespace lorkd::data {

/// Digests of the cases of one run, each taken once. Whoever computes with a frozen case, or shows it, asks here first.
class Digests {
 public:
  /// inputDigest() of the case, which reads all its files. Errors: Mismatch where the run has frozen another one; those
  /// of reading.
  Result<std::string> of(const AssignedCase& c);

 private:
  std::map<std::string, std::string> m_known;
};

}  // namespace lorkd::data
