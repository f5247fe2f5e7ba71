// The elements of a DICOM file one by one, without keeping any: PS3.5 section 7. Inside this room only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lorkd::io {

inline constexpr std::uint32_t kUndefined = 0xffffffff;  ///< the length of what ends with a delimiter
inline constexpr std::uint32_t kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd;

/// Bytes of a file or of memory by position; a file is read in windows, so that pixels are skipped unread.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& file);
  explicit Bytes(std::string memory) : m_window(std::move(memory)) {}
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes();
  /// `count` bytes at `at`; shorter at the end. Valid until the next call.
  std::string_view at(std::uint64_t at, std::size_t count);
  /// Of the whole file, once some of it was read; of what is no regular file 0.
  std::uint64_t size() const;

 private:
  static constexpr std::size_t kWindow = 16384;
  int m_file = -1;
  std::uint64_t m_start = 0;
  std::string m_window;
};

/// How elements are written.
struct Encoding {
  bool isExplicit = true, bigEndian = false;
};

/// Up to four bytes as a number.
std::uint32_t littleOrBig(std::string_view bytes, bool bigEndian);

/// A value representation by its two letters; "??" for one that PS3.5 does not know, none if it is not written.
struct Vr {
  char first = 0, second = 0;
  constexpr Vr() = default;
  constexpr Vr(char one, char two) : first(one), second(two) {}
  constexpr Vr(const char (&letters)[3]) : Vr(letters[0], letters[1]) {}
  constexpr bool operator==(const Vr&) const = default;
  constexpr bool known() const { return first != 0 && first != '?'; }
};

/// An element's header.
struct Element {
  std::uint32_t tag = 0, length = 0;
  Vr vr;
  std::uint64_t value = 0;  ///< where the value starts
};

/// Reads the header at `at`; false at the end. Items and delimiters are elements too.
bool readElement(Bytes& bytes, std::uint64_t at, Encoding encoding, Element& e);

/// Whether what `e` holds is a sequence, or something that looks like one inside.
bool isSequence(Bytes& bytes, const Element& e, Encoding encoding);

}  // namespace lorkd::io
