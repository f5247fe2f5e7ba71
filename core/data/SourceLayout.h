// How the names in a source are read, between a scan and the index. Inside this room only.
#pragma once

#include <filesystem>
#include <string>

#include "core/data/Pairing.h"
#include "core/data/layout/Reading.h"

namespace lorkd::data {

/// What the index keeps of how a source was read: it changes with the plan's word, with what the tables hold that it
/// names, and with the readers that there are.
std::string layoutKey(const layout::Chosen& chosen, const std::filesystem::path& folder);
/// The plan's word in it.
plan::Layout layoutOf(const std::string& key);

/// Decides how a scanned source is read. A source that is a single file is read by its name, unless the plan says
/// otherwise. Errors: those of layout::readingOf(), naming the field of the plan.
Result<layout::Reading> readingOf(const layout::Chosen& chosen, const io::Scan& scan, const std::string& source,
                                  const std::filesystem::path& folder, bool single);

/// Whether the plan itself says what the files are: then nothing is taken for a set of pictures.
bool isRuled(const layout::Reading& reading);

/// What the plan says of whose pictures of sets are.
PatientRule patientRule(const plan::Layout& layout, const std::filesystem::path& folder);

/// Gives cases the patients that the plan's pattern or table says, and tells where neither does.
void takePatients(const layout::Reading& reading, const std::filesystem::path& folder, const Pseudonym& pseudonym,
                  Pairing& pairing);

}  // namespace lorkd::data
