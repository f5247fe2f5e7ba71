// Where libraries that throw meet functions that return a Result.
#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <type_traits>

#include "core/base/Error.h"

namespace lorkd {

inline constexpr const char* notEnoughMemory = "not enough memory";

/// Whether an error made by thrown() says that memory was wanting.
inline bool wantsMemory(const Error& error) {
  return error.code == ErrorCode::Unsupported && error.message.starts_with(notEnoughMemory);
}

/// The error that an exception of a library stands for; `where` says what was being done. Texts of LibTorch lose their
/// backtrace.
inline std::unexpected<Error> thrown(const std::exception& e, const std::string& where) {
  const std::string what = e.what(), text = what.substr(0, what.find("\nException raised"));
  bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
  for (const char* sign : {"out of memory", "allocate memory", "enough memory", "bad_alloc", "create a primitive"})
    memory = memory || text.find(sign) != std::string::npos;
  if (memory) {
    // "you tried to allocate 123 bytes. Error code 12": how much is worth knowing.
    std::string message = notEnoughMemory;
    if (const auto at = text.find("ried to allocate "); at != std::string::npos)
      message += ": t" + text.substr(at, text.find(". ", at) - at);
    return fail(ErrorCode::Unsupported, message,
                "close other programs; in training, take smaller patches or batches, or a coarser spacing", where);
  }
  // Its what() holds paths, which a message may not.
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&e))
    return fail(ErrorCode::Io, file->code().message(), "", where + ": " + file->path1().string());
  return fail(ErrorCode::Internal, text, "", where);
}

/// Runs `work`, which returns a Result; what it throws becomes an error as well.
template <class Work>
std::invoke_result_t<Work> guarded(const std::string& where, Work&& work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return thrown(e, where);
  }
}

}  // namespace lorkd
