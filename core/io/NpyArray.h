// The arrays of an .npz: a zip of .npy files (NumPy format specification, versions 1.0 to 3.0). Inside this room only.
#pragma once

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::io {

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

/// Errors: NotFound, Format.
Result<Archive> openArchive(const std::filesystem::path& file);

/// An error about the array `name`.
std::unexpected<Error> badArray(const std::string& name, const std::string& what, ErrorCode code = ErrorCode::Format);

/// What the header of a .npy says of its values, which follow in C order.
struct Layout {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::size_t item = 0;      ///< bytes of a value
  std::uint64_t begin = 0;   ///< where the first value stands
  std::uint64_t values = 0;  ///< their number
};

/// Bytes of a .npy before its values, by its first twelve; 0 where these are no beginning of one.
std::uint64_t headLength(std::string_view first);

/// `head` is all before the values of a .npy of `total` bytes. Errors: Format, Unsupported.
Result<Layout> parseLayout(std::string_view head, std::uint64_t total, const std::string& name);

/// One array of an archive, unpacked as it is read.
class ArrayStream {
 public:
  /// The array `name`.npy, its header read, or nothing when the archive has none. Errors: Format, Unsupported.
  static Result<std::optional<ArrayStream>> open(zip_t* zip, const std::string& name, std::uintmax_t archiveSize);

  const Layout& layout() const { return m_layout; }
  /// The next bytes. Errors: Format.
  Result<void> read(char* to, std::uint64_t count);
  Result<void> skip(std::uint64_t count);
  /// After the last byte: compares the checksum. Errors: Format.
  Result<void> end();

 private:
  ArrayStream() : m_file(nullptr, &zip_fclose) {}
  std::unique_ptr<zip_file_t, decltype(&zip_fclose)> m_file;
  Layout m_layout;
  std::vector<char> m_block;
};

}  // namespace lorkd::io
