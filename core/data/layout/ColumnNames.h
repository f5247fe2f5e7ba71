// What columns of tables are called: people, parts of a set, and what is nobody's label. Inside this room only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/io/Csv.h"

namespace lorkd::data::layout {

/// A column's name in small letters and digits alone: "Patient ID" and "patient_id" are "patientid". Letters of other
/// alphabets stay as they are.
std::string plainName(const std::string& header);
/// The words of a column's name, small: "ViewPosition" is two.
std::vector<std::string> headerWords(const std::string& header);

/// How coarsely a column of this name says who it is, in several languages: 0 a patient (Patient ID, PatNr,
/// Patientennummer, paciente), 1 a subject or a number of one (participant_id, MRN), 2 a family name, 3 a lesion, 4 a
/// case, 5 an examination. Nothing if it says nobody.
std::optional<std::size_t> patientRank(const std::string& header);
/// The column that says most coarsely who it is; header.size() where there is none. Of a table of volumes, whose cases
/// are images, a case is nobody.
std::size_t patientColumn(const io::Csv& csv);

/// Whether a column of this name says which part of the set something is for: "split", "Partition", "usage".
bool isSplitName(const std::string& header);

/// Whether a column is called a group: labels where nothing else is, see pictureColumns().
bool isGroupName(const std::string& header);
/// The part whose members a column of yes and no marks: "test" for is_test; nothing if it is called otherwise.
std::optional<std::string> flaggedPart(const std::string& header);
/// Whether a cell is a yes (1, true) or a no; nothing if it is neither.
std::optional<bool> yesOrNo(const std::string& cell);

/// Why a column of this name is no label, or empty.
std::string notByName(const std::string& header);

}  // namespace lorkd::data::layout
