#include "core/base/Digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>
#include <vector>

#include "core/base/File.h"

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
  LORKD_TRY(file, openToRead(path));
  Sha256 digest;
  std::vector<char> block(std::size_t(1) << 20);
  for (std::uintmax_t at = 0;;) {
    LORKD_TRY(got, readAt(file.get(), at, block.data(), block.size(), path));
    digest.update({block.data(), got});
    at += got;
    if (got < block.size()) return digest.hex();
  }
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
