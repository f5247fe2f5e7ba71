// SHA-256, for plans, inputs and weights.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/Error.h"

namespace lorkd {

/// Incremental SHA-256 (FIPS 180-4).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// 64 lower-case hex digits; the object is spent afterwards.
  std::string hex();

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

/// SHA-256 of `bytes` in hex.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file's content in hex. Errors: NotFound, Io.
Result<std::string> sha256File(const std::filesystem::path& path);

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, in hex: keyed pseudonyms.
std::string hmacSha256(std::string_view key, std::string_view bytes);

}  // namespace lorkd
