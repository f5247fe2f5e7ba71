// Names as the keys of a plan allow them.
#pragma once

#include <QString>
#include <string>

#include "core/base/Json.h"

namespace lorkd::form {

/// `text` in small letters, with letters and digits of any script, spaces, '-' and '_' kept and every run of other
/// characters made `instead`; at most 80 bytes. Empty if nothing is left.
std::string planName(const QString& text, const QString& instead = QStringLiteral("_"));

/// `wanted`, or the first of "wanted 2", "wanted 3", … that the object does not hold.
std::string freeName(const Json& object, const std::string& wanted);

}  // namespace lorkd::form
