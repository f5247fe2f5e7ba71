#include "core/base/SafeTensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include "core/base/File.h"
#include "core/base/Json.h"

namespace lorkd::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr std::uint64_t largestHeader = 100'000'000;  // the format's own limit

std::unexpected<Error> bad(const std::filesystem::path& path, const std::string& what) {
  return fail(ErrorCode::Format, "not a valid safetensors file: " + what, "the file is damaged or of another kind",
              path.string());
}

/// Elements of a shape, or nothing if negative or too large for 64 bits.
Result<std::uint64_t> elementCount(const std::vector<std::int64_t>& shape, const std::filesystem::path& path) {
  std::uint64_t count = 1;
  for (auto n : shape) {
    if (n < 0) return bad(path, "negative size in a shape");
    if (n != 0 && count > std::numeric_limits<std::uint64_t>::max() / static_cast<std::uint64_t>(n))
      return bad(path, "a shape overflows");
    count *= static_cast<std::uint64_t>(n);
  }
  return count;
}

}  // namespace

std::size_t elementSize(const std::string& dtype) {
  static const std::map<std::string, std::size_t> sizes{{"F64", 8},  {"I64", 8}, {"F32", 4}, {"I32", 4}, {"F16", 2},
                                                        {"BF16", 2}, {"I16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
  const auto it = sizes.find(dtype);
  return it == sizes.end() ? 0 : it->second;
}

Result<void> write(const std::filesystem::path& path, const std::vector<Entry>& entries,
                   const std::map<std::string, std::string>& metadata) {
  const auto refuse = [&](const std::string& name, const char* why) {
    return fail(ErrorCode::InvalidArgument, "tensor '" + name + "': " + why, "", path.string());
  };
  // Wide elements first: then each tensor begins at a multiple of its element size, without holes.
  std::vector<const Entry*> order;
  for (const auto& entry : entries) order.push_back(&entry);
  std::ranges::stable_sort(order, std::greater{}, [](const Entry* e) { return elementSize(e->dtype); });
  Json header = Json::object();
  auto& fields = header.get_ref<Json::object_t&>();
  if (!metadata.empty()) fields.emplace_back("__metadata__", metadata);
  std::set<std::string> names{"__metadata__"};
  std::uint64_t offset = 0;
  for (const auto* entry : order) {
    LORKD_TRY(count, elementCount(entry->shape, path));
    const auto width = elementSize(entry->dtype);
    if (width == 0) return refuse(entry->name, "unknown element type");
    const std::uint64_t size = entry->stream ? count * width : entry->bytes.size();
    if (size % width != 0 || count != size / width) return refuse(entry->name, "shape, type and byte count disagree");
    if (!names.insert(entry->name).second) return refuse(entry->name, "the name is used twice or is reserved");
    const std::uint64_t end = offset + size;
    fields.emplace_back(entry->name,
                        Json{{"dtype", entry->dtype}, {"shape", entry->shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception&) {
    return fail(ErrorCode::InvalidArgument, "a tensor name or metadata is not valid UTF-8", "", path.string());
  }
  while ((text.size() + 8) % 64 != 0) text += ' ';
  return writeAtomically(path, [&](const std::filesystem::path& temporary) -> Result<void> {
    std::ofstream out(temporary, std::ios::binary);
    const std::uint64_t size = text.size();
    out.write(reinterpret_cast<const char*>(&size), 8);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const auto* entry : order) {
      std::uint64_t given = 0;
      const auto put = [&](std::span<const std::byte> bytes) {
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        given += bytes.size();
      };
      if (!entry->stream) {
        put(entry->bytes);
        continue;
      }
      LORKD_CHECK(entry->stream(put));
      if (given != elementCount(entry->shape, path).value_or(0) * elementSize(entry->dtype))
        return refuse(entry->name, "shape, type and byte count disagree");
    }
    out.flush();
    if (!out)
      return fail(ErrorCode::Io, "cannot write", "check free space and permissions of the folder", path.string());
    return {};
  });
}

Result<File> File::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io,
                std::string("cannot open: ") + std::strerror(errno), "check the path and its permissions",
                path.string());
  struct stat info {};
  const bool statOk = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = statOk ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (size < 8) {
    ::close(fd);
    return bad(path, "shorter than its header");
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (address == MAP_FAILED)
    return fail(ErrorCode::Io, std::string("cannot map into memory: ") + std::strerror(errno), "", path.string());

  File file;
  file.m_path = path;
  file.m_size = size;
  file.m_mapping =
      std::shared_ptr<const void>(address, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  const auto* bytes = static_cast<const std::byte*>(address);
  std::uint64_t headerSize = 0;
  std::memcpy(&headerSize, bytes, 8);
  if (headerSize > largestHeader || headerSize > size - 8) return bad(path, "header length beyond the file");
  LORKD_TRY(header, parseSortedJson({reinterpret_cast<const char*>(bytes) + 8, headerSize}, path.string()));
  if (!header.is_object()) return bad(path, "the header is not an object");

  const std::uint64_t dataStart = 8 + headerSize;
  const std::uint64_t dataSize = size - dataStart;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return bad(path, "__metadata__ is not an object");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return bad(path, "__metadata__ holds something that is not text");
        file.m_metadata[key] = text.get<std::string>();
      }
      continue;
    }
    const auto offsets = value.is_object() && value.contains("data_offsets") ? value["data_offsets"] : nlohmann::json();
    const bool shaped = value.is_object() && value.contains("dtype") && value["dtype"].is_string() &&
                        value.contains("shape") && value["shape"].is_array() && offsets.is_array() &&
                        offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned();
    if (!shaped) return bad(path, "tensor '" + name + "' is not described as the format says");
    Tensor tensor;
    tensor.dtype = value["dtype"].get<std::string>();
    for (const auto& n : value["shape"]) {
      if (!n.is_number_unsigned()) return bad(path, "shape of tensor '" + name + "'");
      tensor.shape.push_back(n.get<std::int64_t>());
    }
    const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
    LORKD_TRY(count, elementCount(tensor.shape, path));
    const auto width = elementSize(tensor.dtype);
    if (width == 0) return bad(path, "tensor '" + name + "' has the unknown type '" + tensor.dtype + "'");
    if (begin > end || end > dataSize || count > dataSize / width || count * width != end - begin)
      return bad(path, "offsets of tensor '" + name + "' do not fit its shape and the file");
    tensor.bytes = {bytes + dataStart + begin, end - begin};
    spans.emplace_back(begin, end);
    file.m_tensors.emplace(name, std::move(tensor));
  }
  std::sort(spans.begin(), spans.end());
  std::uint64_t reached = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != reached) return bad(path, "tensors overlap or leave a hole");
    reached = end;
  }
  if (reached != dataSize) return bad(path, "bytes after the last tensor, or the file is cut short");
  return file;
}

void File::release() const { ::madvise(const_cast<void*>(m_mapping.get()), m_size, MADV_DONTNEED); }

Result<File::Tensor> File::tensor(const std::string& name) const {
  const auto it = m_tensors.find(name);
  if (it == m_tensors.end())
    return fail(ErrorCode::NotFound, "no tensor '" + name + "' in this file", "", m_path.string());
  return it->second;
}

}  // namespace lorkd::safetensors
