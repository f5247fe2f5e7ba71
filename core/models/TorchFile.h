// A file of torch.save(): the pickle and its storages, in the zip form of PyTorch 1.6 and later or in the legacy form.
// The numbers stay in the file until somebody asks for a storage.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/Error.h"
#include "core/models/Tree.h"

namespace lorkd::models {

/// An open file of torch.save(). Copies share it. Thread-safe.
class TorchFile {
 public:
  enum class Form {
    Zip,     ///< an archive with data.pkl and a file a storage
    Legacy,  ///< pickles, then the storages one after another
    Script   ///< a TorchScript program: an archive that holds code as well, which is not read
  };
  /// Reads the pickle and checks that each storage is in the file, at its claimed length. Errors: NotFound, Io, Format,
  /// Unsupported: those of unpickle() and ZipFile; a big-endian file, a compressed zip form.
  static Result<TorchFile> open(const std::filesystem::path& path);

  Form form() const;
  const Tree& tree() const;
  /// The bytes of storage `number` of the tree; read from the file unless somebody still holds them. In the zip form
  /// their checksum is compared. Errors: Io, Format, Unsupported where memory does not suffice.
  Result<std::shared_ptr<const std::byte>> storage(std::size_t number) const;

  struct Source;

 private:
  explicit TorchFile(std::shared_ptr<Source> source) : m_source(std::move(source)) {}
  std::shared_ptr<Source> m_source;
};

/// Whether bytes at the beginning of a file are those of the legacy form.
bool beginsLegacy(std::string_view bytes);

}  // namespace lorkd::models
