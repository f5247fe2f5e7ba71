#include "core/workflow/Shareable.h"

#include <regex>

namespace lorkd::workflow {

std::string shareable(const Error& error) {
  // Larger things stand in front of smaller ones: "case-0123456789: /data/...".
  static const std::regex pseudonym("(^|: )(case-[0-9a-f]{10})(: |$)");
  std::smatch found;
  const auto whose = std::regex_search(error.context, found, pseudonym) ? found[2].str() + ": " : std::string();
  return whose + error.message + (error.hint.empty() ? "" : " (" + error.hint + ")");
}

}  // namespace lorkd::workflow
