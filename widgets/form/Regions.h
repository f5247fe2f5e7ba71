// The eight regions of the body that the method was published with, and which label belongs where by its name
// (resources/regions.json, which names its sources).
#pragma once

#include <QRegularExpression>
#include <QStringList>
#include <string>
#include <vector>

namespace lorkd::form {

struct Region {
  std::string name;
  QStringList bodyParts;                   ///< DICOM Body Part Examined, in small letters
  std::vector<QRegularExpression> labels;  ///< for wordsOf() a label
};

/// In the order in which a label is looked for.
const std::vector<Region>& regions();

/// Small letters, words parted by one space: "Kidney_Left" and "KidneyLeft" are "kidney left".
QString wordsOf(const QString& label);

/// The region a label belongs to by its name, else by the body parts of its images if these lie in one; or null.
const Region* regionOf(const QString& label, const QStringList& bodyParts);

}  // namespace lorkd::form
