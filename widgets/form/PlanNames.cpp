#include "widgets/form/PlanNames.h"

#include <QRegularExpression>

namespace lorkd::form {

std::string planName(const QString& text, const QString& instead) {
  // Composed letters, so that a name typed and one read from a disk are the same.
  QString name = text.normalized(QString::NormalizationForm_C).toLower();
  name.replace(QRegularExpression(QStringLiteral("[^\\p{L}\\p{M}\\p{N} _-]+")), instead);
  name = name.trimmed();
  while (name.toUtf8().size() > 80) name.chop(name.back().isLowSurrogate() ? 2 : 1);
  return name.trimmed().toStdString();
}

std::string freeName(const Json& object, const std::string& wanted) {
  std::string name = wanted;
  for (int n = 2; object.contains(name); ++n) name = wanted + " " + std::to_string(n);
  return name;
}

}  // namespace lorkd::form
