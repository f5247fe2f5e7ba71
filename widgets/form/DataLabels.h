// The labels that the images of a plan carry, and what is known of each.
#pragma once

#include <QString>
#include <QStringList>
#include <map>
#include <vector>

#include "core/image/Label.h"

namespace lorkd::form {

/// An image with labels, as far as tasks ask.
struct ImageInfo {
  QString source, bodyPart;
  std::vector<image::Label> labels;
};

/// A label of any number of images. What its images do not agree on is empty, and then `various` says what that is.
struct LabelInfo {
  image::Label label;
  std::vector<std::size_t> images;  ///< positions of those that carry it, ascending
  QStringList bodyParts;            ///< of these, in small letters
  QStringList various;

  QString name() const { return QString::fromStdString(label.name); }
};

class DataLabels {
 public:
  DataLabels() = default;
  explicit DataLabels(std::vector<ImageInfo> images);

  /// Every label once, by name, with numbers in names as numbers. Names are one as image::sameLabel() says.
  const std::vector<LabelInfo>& labels() const { return m_labels; }
  /// Null if no image carries it.
  const LabelInfo* find(const std::string& name) const;
  /// Of how many images a class or, with an empty `cls`, a whole task would learn: those with one of its labels, from
  /// its sources and of its body parts.
  int images(const Json& task, const std::string& cls = {}) const;

 private:
  std::vector<ImageInfo> m_images;
  std::vector<LabelInfo> m_labels;
  std::map<std::string, std::size_t> m_places;  ///< in m_labels, by folded name
};

/// Whether name `a` stands before `b`, for people: numbers by their value, letter case left out.
bool before(const QString& a, const QString& b);

/// The label names that class `cls` of a task is made of: its list, or its own name.
std::vector<std::string> labelNames(const Json& task, const std::string& cls);

/// "SCT 10200004 Kidney, Left"; empty without a code.
QString codeText(const plan::Code& code, const plan::Code& modifier);
/// "Kidney, Left", or the code where it has no words.
QString meaningText(const plan::Code& code, const plan::Code& modifier);

}  // namespace lorkd::form
