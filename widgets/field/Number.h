// Numbers as the window writes and reads them: one format, whatever the desktop's language is.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace lorkd::field {

/// Makes that format the program's: a decimal point, no group separators. Qt takes the numeric locale of the desktop
/// for the C library too, by which readers of files would then read "0.5" as 0; that is undone. To be called once, when
/// the application object is there and no widget yet.
void useNumberFormat();

/// Read back, the text is the number again: "0.003", "20240917", "1e-09".
QString numberText(double value);

/// What a field takes.
struct NumberLimits {
  double low = -1e12, high = 1e12;
  bool whole = false;
  QString unit{};  ///< for people: "mm"
  /// "8 to 1024 voxels".
  QString words() const;
};

/// What was typed: the numbers, or why there are none, in words that say what to write.
struct NumbersRead {
  std::vector<double> values;
  QString why;
};

/// One number. A comma is never guessed at: it is a decimal sign here and a separator there.
NumbersRead readNumber(const QString& text, const NumberLimits& limits);

/// Any count of numbers, with spaces, or with commas or semicolons and a space, between them. "1,5" is refused: it may
/// be one number or two. An empty text is an empty list.
NumbersRead readNumbers(const QString& text, const NumberLimits& limits);

/// "16, 32": what readNumbers() reads back.
QString numbersText(const std::vector<double>& values);

}  // namespace lorkd::field
