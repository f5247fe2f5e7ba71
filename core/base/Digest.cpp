#include "core/base/Digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace lorkd {
namespace {

std::string toHex(const unsigned char* bytes, unsigned size) {
  static const char* digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

}  // namespace

struct Sha256::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Impl() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : m_impl(std::make_unique<Impl>()) { EVP_DigestInit_ex(m_impl->context, EVP_sha256(), nullptr); }
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(m_impl->context, bytes.data(), bytes.size()); }

std::string Sha256::hex() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(m_impl->context, bytes, &size);
  return toHex(bytes, size);
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

Result<std::string> sha256File(const std::filesystem::path& path) {
  // Whatever is no file, a pipe above all, may never end.
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return fail(ErrorCode::Io, "is not an ordinary file", "", path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::NotFound, "cannot open", "check the path and its permissions", path.string());
  Sha256 digest;
  std::vector<char> block(std::size_t(1) << 20);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.update({block.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (in.bad()) return fail(ErrorCode::Io, "cannot read", "", path.string());
  return digest.hex();
}

std::string hmacSha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  // An empty view may hold a null pointer, with which HMAC() fails; an empty pseudonym must not come of that.
  const auto* keyBytes = key.empty() ? "" : key.data();
  const auto* text = reinterpret_cast<const unsigned char*>(bytes.empty() ? "" : bytes.data());
  if (!HMAC(EVP_sha256(), keyBytes, static_cast<int>(key.size()), text, bytes.size(), out, &size))
    throw std::runtime_error("HMAC-SHA-256 is not available in this build of OpenSSL");
  return toHex(out, size);
}

}  // namespace lorkd
