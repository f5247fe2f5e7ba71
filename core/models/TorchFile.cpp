#include "core/models/TorchFile.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>

#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/base/Mapping.h"
#include "core/base/Printable.h"
#include "core/models/Pickle.h"
#include "core/models/ZipFile.h"

namespace lorkd::models {

namespace fs = std::filesystem;
using Bytes = std::shared_ptr<const std::byte>;

struct TorchFile::Source {
  Form form = Form::Zip;
  Tree tree;
  virtual ~Source() = default;
  virtual Result<Bytes> storage(std::size_t number) = 0;
};

namespace {

// The pickle of 0x1950a86a20f9469cfc6c, PyTorch's magic number.
constexpr std::string_view legacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr std::int64_t legacyProtocol = 1001;

std::unexpected<Error> badTorchFile(const fs::path& path, const std::string& what, ErrorCode code = ErrorCode::Format) {
  return fail(code, "the file of weights cannot be used: " + what, "get the file again", path.string());
}

/// Memory at a multiple of 64 bytes.
struct Aligned {
  void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t(64)); }
};

class ZipSource final : public TorchFile::Source {
 public:
  explicit ZipSource(ZipFile zip) : m_zip(std::move(zip)) {}

  Result<void> read() {
    const auto& entries = m_zip.entries();
    const ZipFile::Entry* pickle = nullptr;
    for (const auto& entry : entries) {
      const auto slash = entry.name.find('/');
      if (slash == entry.name.npos || entry.name.substr(slash) != "/data.pkl") continue;
      if (pickle) return badTorchFile(m_zip.path(), "it holds two files data.pkl");
      pickle = &entry;
    }
    if (!pickle)
      return fail(ErrorCode::Unsupported, "the archive holds no data.pkl, so torch.save() has not written it",
                  "an archive of a model's folder is unpacked first: lorkd inspect --unpack", m_zip.path().string());
    const auto root = pickle->name.substr(0, pickle->name.find('/') + 1);
    const auto isScript = [&](const auto& entry) {
      return entry.name == root + "constants.pkl" || entry.name.starts_with(root + "code/");
    };
    form = std::ranges::any_of(entries, isScript) ? TorchFile::Form::Script : TorchFile::Form::Zip;
    if (const auto* order = m_zip.find(root + "byteorder")) {
      LORKD_TRY(text, m_zip.read(*order, 100));
      if (text != "little")
        return badTorchFile(m_zip.path(), "its numbers are not written lowest byte first", ErrorCode::Unsupported);
    }
    LORKD_TRY(bytes, m_zip.read(*pickle, mostPickleBytes));
    m_pickle = std::move(bytes);
    LORKD_TRY(read, unpickle(m_pickle));
    tree = std::move(read.tree);
    return place(root);
  }

  Result<Bytes> storage(std::size_t number) override {
    const std::scoped_lock lock(m_mutex);
    if (auto kept = m_kept[number].lock()) return kept;
    const auto& entry = m_zip.entries()[m_places[number]];
    auto* memory = static_cast<std::byte*>(
        ::operator new(std::max<std::size_t>(entry.size, 1), std::align_val_t(64), std::nothrow));
    if (!memory)
      return fail(ErrorCode::Unsupported,
                  std::string(notEnoughMemory) + " for a storage of " + std::to_string(entry.size) + " bytes",
                  "close other programs", m_zip.path().string());
    const std::shared_ptr<std::byte> bytes(memory, Aligned{});
    std::size_t at = 0;
    LORKD_CHECK(m_zip.stream(entry, [&](std::string_view part) -> Result<void> {
      std::memcpy(memory + at, part.data(), part.size());
      at += part.size();
      return {};
    }));
    m_kept[number] = bytes;
    return bytes;
  }

 private:
  /// Where each storage lies.
  Result<void> place(const std::string& root) {
    std::map<std::string_view, std::size_t> places;
    for (std::size_t n = 0; n < m_zip.entries().size(); ++n) places.emplace(m_zip.entries()[n].name, n);
    for (const auto& storage : tree.storages) {
      const auto found = places.find(root + "data/" + storage.key);
      const auto name = "storage " + printable(storage.key, false);
      if (found == places.end()) return badTorchFile(m_zip.path(), name + " is missing");
      const auto& entry = m_zip.entries()[found->second];
      if (!entry.stored)
        return badTorchFile(m_zip.path(), name + " is compressed, which torch.save() never does",
                            ErrorCode::Unsupported);
      if (entry.size != storage.bytes)
        return badTorchFile(m_zip.path(), name + " has " + std::to_string(entry.size) + " bytes where " +
                                              std::to_string(storage.bytes) + " are claimed");
      m_places.push_back(found->second);
    }
    m_kept.resize(m_places.size());
    return {};
  }

  ZipFile m_zip;
  std::string m_pickle;  // the tree's texts look into it
  std::vector<std::size_t> m_places;
  std::mutex m_mutex;
  std::vector<std::weak_ptr<const std::byte>> m_kept;
};

class LegacySource final : public TorchFile::Source {
 public:
  LegacySource(std::shared_ptr<const Mapping> mapping, fs::path path)
      : m_mapping(std::move(mapping)), m_path(std::move(path)) {
    form = TorchFile::Form::Legacy;
  }

  Result<void> read() {
    m_rest = {reinterpret_cast<const char*>(m_mapping->data()), m_mapping->size()};
    LORKD_TRY(magic, next());
    if (!magic.is(magic.root, Value::Kind::LongInt) || magic.at(magic.root).text != legacyMagic)
      return badTorchFile(m_path, "it is a pickle, but not one of torch.save()", ErrorCode::Unsupported);
    LORKD_TRY(protocol, next());
    if (!protocol.is(protocol.root, Value::Kind::Int) || protocol.at(protocol.root).integer != legacyProtocol)
      return badTorchFile(m_path, "it is of an unknown version", ErrorCode::Unsupported);
    LORKD_TRY(system, next());
    const auto little = system.find(system.root, "little_endian");
    if (!system.is(little, Value::Kind::Bool) || system.at(little).integer == 0)
      return badTorchFile(m_path, "its numbers are not written lowest byte first", ErrorCode::Unsupported);
    LORKD_TRY(object, next());
    tree = std::move(object);
    LORKD_TRY(keys, next());
    return place(keys);
  }

  Result<Bytes> storage(std::size_t number) override { return Bytes(m_mapping, m_places[number]); }

 private:
  Result<Tree> next() {
    LORKD_TRY(read, unpickle(m_rest));
    m_rest.remove_prefix(read.length);
    return std::move(read.tree);
  }

  /// Walks over the storages, which stand in the order of `keys`.
  Result<void> place(const Tree& keys) {
    if (!keys.is(keys.root, Value::Kind::List)) return badTorchFile(m_path, "its storages are not listed");
    m_places.resize(tree.storages.size(), nullptr);
    std::multimap<std::string_view, std::size_t> wanted;
    for (std::size_t n = 0; n < tree.storages.size(); ++n) wanted.emplace(tree.storages[n].key, n);
    for (const auto item : keys.at(keys.root).items) {
      const auto key = keys.is(item, Value::Kind::Text) ? keys.at(item).text : std::string_view();
      const auto [from, to] = wanted.equal_range(key);
      const auto name = "storage " + printable(key, false);
      if (from == to) return badTorchFile(m_path, name + " belongs to no tensor");
      std::uint64_t count = 0;
      if (m_rest.size() < sizeof count) return badTorchFile(m_path, "it is cut short before " + name);
      std::memcpy(&count, m_rest.data(), sizeof count);
      m_rest.remove_prefix(sizeof count);
      const auto bytes = tree.storages[from->second].bytes;
      if (count != bytes / tree.storages[from->second].item)
        return badTorchFile(m_path, name + " has " + std::to_string(count) + " elements, others than are claimed");
      if (bytes > m_rest.size()) return badTorchFile(m_path, "it is cut short in " + name);
      for (auto place = from; place != to; ++place) {
        if (m_places[place->second]) return badTorchFile(m_path, name + " stands there twice");
        if (tree.storages[place->second].bytes != bytes) return badTorchFile(m_path, name + " has two lengths");
        m_places[place->second] = reinterpret_cast<const std::byte*>(m_rest.data());
      }
      m_rest.remove_prefix(bytes);
    }
    const auto missing = std::ranges::find(m_places, nullptr);
    if (missing != m_places.end()) {
      const auto& key = tree.storages[static_cast<std::size_t>(missing - m_places.begin())].key;
      return badTorchFile(m_path, "storage " + printable(key, false) + " is missing");
    }
    return {};
  }

  std::shared_ptr<const Mapping> m_mapping;
  fs::path m_path;
  std::string_view m_rest;
  std::vector<const std::byte*> m_places;
};

}  // namespace

bool beginsLegacy(std::string_view bytes) {
  return bytes.size() >= 4 && bytes[0] == '\x80' && bytes.substr(2).starts_with(std::string_view("\x8a\x0a", 2)) &&
         bytes.substr(4).starts_with(legacyMagic);
}

Result<TorchFile> TorchFile::open(const fs::path& path) {
  LORKD_TRY(file, openToRead(path));
  char first[4] = {};
  LORKD_TRY(got, readAt(file.get(), 0, first, sizeof first, path));
  const auto named = [&](Error error) {
    if (error.context.empty()) error.context = path.string();
    return std::unexpected(std::move(error));
  };
  if (std::string_view(first, got) == std::string_view("PK\x03\x04", 4)) {
    LORKD_TRY(zip, ZipFile::open(path));
    auto source = std::make_shared<ZipSource>(std::move(zip));
    if (auto read = source->read(); !read) return named(read.error());
    return TorchFile(source);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ioError("cannot open", path);
  if (info.st_size == 0) return badTorchFile(path, "it is empty");
  LORKD_TRY(mapped, Mapping::of(file.get(), static_cast<std::size_t>(info.st_size), path));
  auto source = std::make_shared<LegacySource>(std::make_shared<const Mapping>(std::move(mapped)), path);
  if (auto read = source->read(); !read) return named(read.error());
  return TorchFile(source);
}

TorchFile::Form TorchFile::form() const { return m_source->form; }
const Tree& TorchFile::tree() const { return m_source->tree; }
Result<Bytes> TorchFile::storage(std::size_t number) const { return m_source->storage(number); }

}  // namespace lorkd::models
