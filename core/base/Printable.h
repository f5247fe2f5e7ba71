// Text from outside on its way to a terminal, which obeys what it is shown: names of files, patients and peers may hold
// sequences that move the cursor, rename the window or answer for the user.
#pragma once

#include <string>
#include <string_view>

namespace lorkd {

/// The text with everything that commands a terminal, or turns the direction in which text is read, written out: \x1b,
/// \u202e, and \xNN for bytes that are no UTF-8. Ends of lines and tabs stay where `lines` is set, else they are
/// written out as well.
std::string printable(std::string_view text, bool lines = true);

}  // namespace lorkd
