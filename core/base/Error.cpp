#include "core/base/Error.h"

namespace lorkd {

const char* toString(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "invalid argument";
    case ErrorCode::NotFound:
      return "not found";
    case ErrorCode::Io:
      return "input/output";
    case ErrorCode::Format:
      return "format";
    case ErrorCode::Mismatch:
      return "mismatch";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::Numeric:
      return "numeric";
    case ErrorCode::Cancelled:
      return "cancelled";
    case ErrorCode::Internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  std::string out = context.empty() ? message : context + ": " + message;
  if (!hint.empty()) out += " (" + hint + ")";
  return out;
}

}  // namespace lorkd
