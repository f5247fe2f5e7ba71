#include "core/base/SafeTensors.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <mutex>
#include <set>
#include <tuple>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Json.h"

namespace lorkd::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr std::uint64_t largestHeader = 100'000'000;  // the format's own limit
constexpr const char* digestKey = "sha256";
constexpr std::size_t digestLength = 64;

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

/// Where the digest stands in a header's text; npos if it has none.
std::size_t digestPlace(std::string_view header, std::string_view digest) {
  const auto field = std::string("\"").append(digestKey).append("\":\"");
  const auto at = header.find(std::string(field).append(digest).append("\""));
  return at == header.npos ? at : at + field.size();
}

/// A file that was found whole, as it was then: it need not be read again.
using Stamp = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
Stamp stampOf(const struct stat& info) {
  return {info.st_dev,          info.st_ino,         info.st_size,        info.st_mtim.tv_sec,
          info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

/// Reads the file once and compares its digest; the mapping is left alone, so that this takes no memory.
Result<void> checkDigest(int fd, const struct stat& info, std::string header, const std::string& digest,
                         const std::filesystem::path& path) {
  static std::mutex mutex;
  static std::set<Stamp> whole;
  const auto stamp = stampOf(info);
  {
    const std::scoped_lock lock(mutex);
    if (whole.contains(stamp)) return {};
  }
  const auto damaged = [&] {
    return fail(ErrorCode::Format, "the file is not as it was written: its digest differs",
                "the disk, a copy or another program has changed it; restore it, or have it made again", path.string());
  };
  const auto place = digestPlace(header, digest);
  if (place == header.npos) return damaged();
  header.replace(place, digestLength, digestLength, '0');
  Sha256 sum;
  const std::uint64_t length = header.size();
  sum.update({reinterpret_cast<const char*>(&length), 8});
  sum.update(header);
  std::vector<char> block(std::size_t(1) << 20);
  const auto size = static_cast<std::uintmax_t>(info.st_size);
  for (std::uintmax_t at = 8 + length; at < size;) {
    LORKD_TRY(got, readAt(fd, at, block.data(), std::min<std::uintmax_t>(block.size(), size - at), path));
    if (got == 0) return bad(path, "the file became shorter while it was read");
    sum.update({block.data(), got});
    at += got;
  }
  if (sum.hex() != digest) return damaged();
  const std::scoped_lock lock(mutex);
  whole.insert(stamp);
  return {};
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
  auto described = metadata;
  const std::string zeros(digestLength, '0');
  described[digestKey] = zeros;
  fields.emplace_back("__metadata__", described);
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
  return writeStreamed(path, [&](FileSink& sink) -> Result<void> {
    Sha256 sum;
    const auto put = [&](std::string_view bytes) {
      sum.update(bytes);
      return sink.write(bytes);
    };
    const std::uint64_t size = text.size();
    LORKD_CHECK(put({reinterpret_cast<const char*>(&size), 8}));
    LORKD_CHECK(put(text));
    for (const auto* entry : order) {
      std::uint64_t given = 0;
      Result<void> outcome;
      const auto take = [&](std::span<const std::byte> bytes) {
        if (outcome) outcome = put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        given += bytes.size();
      };
      if (entry->stream)
        LORKD_CHECK(entry->stream(take));
      else
        take(entry->bytes);
      LORKD_CHECK(outcome);
      if (given != elementCount(entry->shape, path).value_or(0) * elementSize(entry->dtype))
        return refuse(entry->name, "shape, type and byte count disagree");
    }
    return sink.rewrite(8 + digestPlace(text, zeros), sum.hex());
  });
}

Result<File> File::open(const std::filesystem::path& path, Digest digest) {
  LORKD_TRY(handle, openToRead(path));
  struct stat info {};
  if (::fstat(handle.get(), &info) != 0) return ioError("cannot open", path);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < 8) return bad(path, "shorter than its header");
  LORKD_TRY(mapped, Mapping::of(handle.get(), size, path));
  File file;
  file.m_path = path;
  file.m_mapping = std::make_shared<const Mapping>(std::move(mapped));
  const auto* bytes = file.m_mapping->data();
  std::uint64_t headerSize = 0;
  std::memcpy(&headerSize, bytes, 8);
  if (headerSize > largestHeader || headerSize > size - 8) return bad(path, "header length beyond the file");
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 8, headerSize);
  LORKD_TRY(header, parseSortedJson(text, path.string()));
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
  if (const auto known = file.m_metadata.extract(digestKey)) {
    LORKD_CHECK(checkDigest(handle.get(), info, std::string(text), known.mapped(), path));
    file.m_hasDigest = true;
  } else if (digest == Digest::Required) {
    return fail(ErrorCode::Format, "the file holds no digest of itself",
                "it is damaged, or another program has written it", path.string());
  }
  return file;
}

void File::release() const { m_mapping->release(); }

Result<File::Tensor> File::tensor(const std::string& name) const {
  const auto it = m_tensors.find(name);
  if (it == m_tensors.end())
    return fail(ErrorCode::NotFound, "no tensor '" + name + "' in this file", "", m_path.string());
  return it->second;
}

}  // namespace lorkd::safetensors
