// What went wrong, where, and what to do about it: the one error type of the program.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace lorkd {

/// The kind of failure; callers branch on it, people read Error::message.
enum class ErrorCode {
  InvalidArgument,  ///< a value given by the user or a plan is not usable
  NotFound,         ///< a file, folder, task or case does not exist
  Io,               ///< reading or writing failed (permission, disk full, truncated)
  Format,           ///< bytes that are not what they claim to be
  Mismatch,         ///< two things that must belong together do not (geometry, plan digest, shapes)
  Unsupported,      ///< valid, but outside what the program does
  Numeric,          ///< NaN, infinity, divergence
  Cancelled,        ///< stopped on request; never shown as done
  Internal          ///< a fault of the program
};

/// `Numeric` -> "numeric" and so on; used in logs and JSON.
const char* toString(ErrorCode code);

/// A failure in words for the person at the screen.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;  ///< what happened, naming the field; no path of data, since runs and reports may show it
  std::string hint;     ///< what to do about it; may be empty
  std::string context;  ///< where it happened: file, field or step; may be empty

  /// One paragraph: "context: message (hint)".
  std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::NotFound, "no such file", "check the path", path);`
inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {},
                                   std::string context = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(hint), std::move(context)});
}

/// Passes an error upward, naming the larger thing that failed in front of its context.
inline std::unexpected<Error> fail(Error error, const std::string& outer) {
  error.context = error.context.empty() ? outer : outer + ": " + error.context;
  return std::unexpected(std::move(error));
}

}  // namespace lorkd

/// Evaluates a Result expression; on failure returns its error from the enclosing function, else binds the value.
#define LORKD_TRY(name, expression)                                  \
  auto name##_result = (expression);                                 \
  if (!name##_result) return std::unexpected(name##_result.error()); \
  [[maybe_unused]] auto& name = *name##_result

/// The same for Result<void> and for values not needed.
#define LORKD_CHECK(expression)                                                                        \
  do {                                                                                                 \
    if (auto check_result = (expression); !check_result) return std::unexpected(check_result.error()); \
  } while (false)
