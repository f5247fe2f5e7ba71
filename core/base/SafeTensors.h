// The safetensors file format (Hugging Face): eight bytes of header length, a JSON header, raw little-endian tensors.
// The one tensor format of the program: checkpoints, experts, prepared volumes. Holds no code, so nothing can run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Mapping.h"

namespace lorkd::safetensors {

/// Element types as the format names them: "F64" "F32" "F16" "BF16" "I64" "I32" "I16" "I8" "U8" "BOOL".
/// Bytes per element, 0 if the name is unknown.
std::size_t elementSize(const std::string& dtype);

/// Takes the next bytes of a tensor.
using Put = std::function<void(std::span<const std::byte>)>;

/// One tensor to write; `bytes` must stay alive until write() returns. What is too large to be held at once leaves
/// `bytes` empty and gives them to `stream`'s Put, part by part; an error that it returns is write()'s.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::function<Result<void>(const Put&)> stream = {};
};

/// Writes all entries and the string metadata atomically. The data begins at a multiple of 64 bytes and every tensor
/// at a multiple of its element size (wide types are laid first). Metadata must be valid UTF-8. The metadata get a
/// field "sha256": the digest of the whole file, in which those 64 digits are zeros. Errors: Io; InvalidArgument when
/// shape, dtype and byte count disagree or a name is used twice.
Result<void> write(const std::filesystem::path& path, const std::vector<Entry>& entries,
                   const std::map<std::string, std::string>& metadata = {});

/// Whether a file may do without a digest: other programs write none.
enum class Digest { IfThere, Required };

/// A memory-mapped file whose header has been checked: lengths, offsets, holes, overlap, product of shape; and its
/// digest, if it has one, by reading it once from end to end (a file that has not changed since only once a process).
/// Copies share the mapping; spans live as long as any copy.
class File {
 public:
  struct Tensor {
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
  };
  /// Errors: NotFound, Io, Format (each naming the file and the tensor); Format where the digest is wrong, or missing
  /// although `digest` requires one.
  static Result<File> open(const std::filesystem::path& path, Digest digest = Digest::IfThere);

  const std::map<std::string, Tensor>& tensors() const { return m_tensors; }
  /// Errors: NotFound, naming the tensor.
  Result<Tensor> tensor(const std::string& name) const;
  /// Without the digest.
  const std::map<std::string, std::string>& metadata() const { return m_metadata; }
  /// Whether the file has a digest, which then is right.
  bool hasDigest() const { return m_hasDigest; }
  const std::filesystem::path& path() const { return m_path; }
  /// Keeps the mapping alive; hand it to whoever keeps a span.
  std::shared_ptr<const void> mapping() const { return m_mapping; }
  /// Gives the memory of what was read back to the system; spans stay valid and are read again when used.
  void release() const;

 private:
  std::filesystem::path m_path;
  std::shared_ptr<const Mapping> m_mapping;
  std::map<std::string, Tensor> m_tensors;
  std::map<std::string, std::string> m_metadata;
  bool m_hasDigest = false;
};

}  // namespace lorkd::safetensors
