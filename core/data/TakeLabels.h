// What a label file says, put into the case that it belongs to. Inside this room only.
#pragma once

#include <optional>
#include <string>

#include "core/data/Pairing.h"
#include "core/data/layout/Contrasts.h"

namespace lorkd::data {

/// Reads label files of volumes; what is wrong with one is told in the pairing.
class LabelTaking {
 public:
  LabelTaking(layout::LabelTables& tables, const Remembered& remembered, Pairing& out)
      : m_tables(tables), m_remembered(remembered), m_out(out) {}

  /// Adds what a label file says to a case: a map of values or, with `structure`, the mask of that one.
  void take(Case& c, const layout::VolumeEntry& label, const std::string& structure);

 private:
  std::optional<layout::Structures> read(const Case& c, const layout::VolumeEntry& label, const std::string& structure);
  void addStructure(Case& c, layout::Structures::One structure, int file);
  void leaveOut(const std::filesystem::path& file, const char* code, std::string message) {
    m_out.findings.emplace_back(file, io::Finding{io::Finding::Severity::Unusable, code, std::move(message)});
  }

  layout::LabelTables& m_tables;
  const Remembered& m_remembered;
  Pairing& m_out;
};

}  // namespace lorkd::data
