#include "widgets/field/Number.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>
#include <clocale>
#include <cmath>

namespace lorkd::field {
namespace {

QString say(const char* words) { return QCoreApplication::translate("Number", words); }

/// Digits, a point, an exponent: no words such as "inf" and no separators. What is too large for the machine is
/// infinite, and so beyond every limit.
bool isNumber(const QString& text, double& value) {
  static const QRegularExpression pattern(QStringLiteral("^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$"));
  if (!pattern.match(text).hasMatch()) return false;
  value = text.toDouble();
  return true;
}

/// What someone who writes with commas may have meant; empty if that is no number either.
QString withPoint(QString text) {
  text.remove(QLatin1Char(' ')).remove(QLatin1Char('\''));
  const auto comma = text.lastIndexOf(QLatin1Char(',')), point = text.lastIndexOf(QLatin1Char('.'));
  if (comma > point && text.count(QLatin1Char(',')) == 1)
    text.remove(QLatin1Char('.')).replace(QLatin1Char(','), QLatin1Char('.'));
  else
    text.remove(QLatin1Char(','));
  double ignored = 0;
  return isNumber(text, ignored) ? text : QString();
}

}  // namespace

void useNumberFormat() {
  QLocale plain = QLocale::c();
  plain.setNumberOptions(QLocale::OmitGroupSeparator | QLocale::RejectGroupSeparator);
  QLocale::setDefault(plain);
  std::setlocale(LC_NUMERIC, "C");
}

QString numberText(double value) {
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= 1e-4 && size < 1e16);
  return QString::number(value, plain ? 'f' : 'g', QLocale::FloatingPointShortest);
}

QString NumberLimits::words() const {
  const auto range = say("%1 to %2").arg(numberText(low), numberText(high));
  return unit.isEmpty() ? range : range + QLatin1Char(' ') + unit;
}

NumbersRead readNumber(const QString& text, const NumberLimits& limits) {
  const auto typed = text.trimmed();
  const auto refuse = [](const QString& why) { return NumbersRead{{}, why}; };
  if (typed.isEmpty()) return refuse(say("Write a number: %1.").arg(limits.words()));
  double value = 0;
  if (!isNumber(typed, value)) {
    const auto meant = withPoint(typed);
    if (meant.isEmpty()) return refuse(say("“%1” is not a number. Allowed: %2.").arg(typed, limits.words()));
    if (limits.whole)
      return refuse(
          say("“%1” is not read: write a whole number without separators. Allowed: %2.").arg(typed, limits.words()));
    // A thousand for some, one for others.
    static const QRegularExpression thousand(QStringLiteral("^[+-]?[1-9]\\d{0,2},\\d{3}$"));
    if (thousand.match(typed).hasMatch())
      return refuse(say("“%1” is not read: write %2 or %3, whichever is meant.")
                        .arg(typed, meant, QString(typed).remove(QLatin1Char(','))));
    return refuse(say("“%1” is not read: write %2, with a point and no separators.").arg(typed, meant));
  }
  if (std::isinf(value))
    return refuse((value < 0 ? say("%1 is too small. Allowed: %2.") : say("%1 is too large. Allowed: %2."))
                      .arg(typed, limits.words()));
  if (limits.whole && std::trunc(value) != value)
    return refuse(say("“%1” is not a whole number. Allowed: %2.").arg(typed, limits.words()));
  if (value < limits.low) return refuse(say("%1 is too small. Allowed: %2.").arg(typed, limits.words()));
  if (value > limits.high) return refuse(say("%1 is too large. Allowed: %2.").arg(typed, limits.words()));
  return {{value}, {}};
}

NumbersRead readNumbers(const QString& text, const NumberLimits& limits) {
  static const QRegularExpression between(QStringLiteral("[;\\s]+|,\\s+|,$")),
      glued(QStringLiteral("[^,;\\s]*\\d,[^;\\s]*\\d"));
  NumbersRead out;
  if (const auto match = glued.match(text); match.hasMatch()) {
    const auto typed = match.captured();
    auto apart = typed;
    apart.replace(QLatin1Char(','), QStringLiteral(", "));
    const auto meant = limits.whole ? QString() : withPoint(typed);
    out.why =
        meant.isEmpty()
            ? say("“%1” can be read in two ways: write %2, with a space, for numbers of a list.").arg(typed, apart)
            : say("“%1” can be read in two ways: write %2 for one number, or %3, with a space, for a list.")
                  .arg(typed, meant, apart);
    return out;
  }
  for (const auto& part : text.trimmed().split(between, Qt::SkipEmptyParts)) {
    const auto read = readNumber(part, limits);
    if (!read.why.isEmpty()) return {{}, read.why};
    out.values.push_back(read.values.front());
  }
  return out;
}

QString numbersText(const std::vector<double>& values) {
  QStringList parts;
  for (const double value : values) parts << numberText(value);
  return parts.join(QStringLiteral(", "));
}

}  // namespace lorkd::field
