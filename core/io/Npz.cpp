// MedMNIST-style .npz: a zip of .npy arrays (NumPy format specification, versions 1.0 to 3.0).
#include <zip.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include "core/base/File.h"
#include "core/io/Images2D.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSplits[] = {"train", "val", "test"};
constexpr int kMaxClasses = 10000;
constexpr std::size_t kMaxColumns = 1000;
constexpr zip_uint64_t kMaxArray = zip_uint64_t(16) << 30;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

struct Array {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;  // the whole .npy; the data start at `offset`
  std::size_t offset = 0;
};

// The text after 'key': in the header's Python dictionary, up to `end`.
std::string_view field(std::string_view header, std::string_view key, char end) {
  auto at = header.find(std::string("'") + std::string(key) + "'");
  if (at == header.npos || (at = header.find(':', at)) == header.npos) return {};
  const auto stop = header.find(end, at);
  return stop == header.npos ? std::string_view() : header.substr(at + 1, stop - at);
}

std::size_t itemSize(const std::string& dtype) {
  static const std::set<std::string> known{"|u1", "<u1", "|i1", "<i1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"};
  return known.contains(dtype) ? static_cast<std::size_t>(dtype.back() - '0') : 0;
}

Result<Array> parseNpy(std::string bytes, const std::string& name) {
  const auto bad = [&](const std::string& what) { return fail(ErrorCode::Format, "array " + name + ": " + what); };
  if (bytes.size() < 12 || !bytes.starts_with("\x93NUMPY")) return bad("this is not a .npy array");
  const auto byte = [&](std::size_t n) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[n])); };
  const bool wide = bytes[6] >= 2;
  const std::size_t start = wide ? 12 : 10;
  const std::size_t length = byte(8) | byte(9) << 8 | (wide ? byte(10) << 16 | byte(11) << 24 : 0);
  if (length > bytes.size() - start) return bad("the header is longer than the file");
  const std::string_view header = std::string_view(bytes).substr(start, length);

  Array array;
  const auto descr = field(header, "descr", ',');
  if (const auto open = descr.find('\''), close = descr.rfind('\''); open != descr.npos && close > open)
    array.dtype = descr.substr(open + 1, close - open - 1);
  const std::size_t item = itemSize(array.dtype);
  if (item == 0) return bad("values of type '" + array.dtype + "' cannot be read; 8-bit images and integer labels can");
  if (field(header, "fortran_order", ',').find("False") == std::string_view::npos)
    return bad("the array is not in C order");
  auto shape = field(header, "shape", ')');
  shape.remove_prefix(std::min(shape.size(), shape.find('(') + 1));
  std::size_t total = item;
  const std::size_t room = bytes.size() - start - length;
  while (!shape.empty()) {
    const auto digit = shape.find_first_of("0123456789");
    if (digit == shape.npos) break;
    shape.remove_prefix(digit);
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), extent);
    if (error != std::errc() || __builtin_mul_overflow(total, static_cast<std::size_t>(extent), &total))
      return bad("its shape is too large");
    array.shape.push_back(extent);
    shape.remove_prefix(static_cast<std::size_t>(end - shape.data()));
  }
  if (array.shape.empty() || total != room)
    return bad("its shape asks for " + std::to_string(total) + " bytes, there are " + std::to_string(room));
  array.offset = start + length;
  array.bytes = std::move(bytes);
  return array;
}

// The array `name`.npy, or nothing when the archive has none. Errors: Format.
Result<std::optional<Array>> readArray(zip_t* zip, const std::string& name, std::uintmax_t archiveSize) {
  zip_stat_t stat;
  if (zip_stat(zip, (name + ".npy").c_str(), 0, &stat) != 0) return std::optional<Array>();
  const auto bad = [&](const std::string& what) { return fail(ErrorCode::Format, "array " + name + ": " + what); };
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  // Deflate cannot shrink data more than 1032 times, and what is packed lies in the archive.
  if ((stat.valid & kNeeded) != kNeeded || stat.size > kMaxArray || stat.comp_size > archiveSize ||
      stat.size > stat.comp_size * 1032 + 1024)
    return bad("its claimed size is not believable");
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(zip, stat.index, 0), &zip_fclose);
  if (!file) return bad(zip_strerror(zip));
  std::string bytes(stat.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
    if (n <= 0) return bad("it is damaged or truncated");
    done += static_cast<std::size_t>(n);
  }
  // Reading past the end makes libzip compare the checksum.
  if (char extra; zip_fread(file.get(), &extra, 1) != 0) return bad("its checksum is wrong");
  LORKD_TRY(array, parseNpy(std::move(bytes), name));
  return std::optional<Array>(std::move(array));
}

std::int64_t integerAt(const Array& array, std::size_t n) {
  const std::size_t item = itemSize(array.dtype);
  const bool isSigned = array.dtype[1] == 'i';
  std::uint64_t raw = 0;
  std::memcpy(&raw, array.bytes.data() + array.offset + n * item, item);
  const unsigned unused = static_cast<unsigned>(64 - 8 * item);
  return isSigned ? static_cast<std::int64_t>(raw << unused) >> unused : static_cast<std::int64_t>(raw);
}

// What the arrays of all splits say, before their classes are numbered.
struct Raw {
  PictureSet set;
  std::vector<std::vector<int>> values;  // by example: one for each label column
  std::vector<int> largest;              // by label column
};

Result<void> appendSplit(Raw& raw, const std::string& split, const Array& images, const Array& labels) {
  const auto bad = [&](const std::string& array, const std::string& what) {
    return fail(ErrorCode::Format, "array " + split + array + ": " + what);
  };
  auto shape = images.shape;
  if (shape.size() > 3 && shape.back() == 1) shape.pop_back();
  const bool color = shape.size() == 4 && shape[3] == 3, volumes = shape.size() == 4 && !color;
  if (itemSize(images.dtype) != 1 || images.dtype[1] != 'u' || (shape.size() != 3 && shape.size() != 4))
    return bad("_images", "must hold 8-bit images of shape (N, H, W), (N, H, W, 3) or (N, D, H, W)");
  if (labels.shape[0] != shape[0] || labels.shape.size() > 2)
    return bad("_labels", "must hold class numbers of each image: shape (N), (N, 1) or, for several labels, (N, K)");
  if (shape[0] == 0) return {};
  if (images.bytes.size() == images.offset) return bad("_images", "holds empty images");
  const auto columns = static_cast<std::size_t>(labels.shape.size() == 2 ? labels.shape[1] : 1);
  if (columns == 0 || columns > kMaxColumns || (!raw.largest.empty() && columns != raw.largest.size()))
    return bad("_labels", "has " + std::to_string(columns) + " columns");
  raw.largest.resize(columns, 0);
  const std::size_t whole = (images.bytes.size() - images.offset) / static_cast<std::size_t>(shape[0]);
  const std::size_t size = volumes ? whole / static_cast<std::size_t>(shape[1]) : whole;
  const std::size_t first = volumes ? static_cast<std::size_t>(shape[1] / 2) * size : 0;  // of the middle slice
  for (std::size_t n = 0; n < static_cast<std::size_t>(shape[0]); ++n) {
    auto& values = raw.values.emplace_back();
    for (std::size_t c = 0; c < columns; ++c) {
      const std::int64_t label = integerAt(labels, n * columns + c);
      if (label < 0 || label >= kMaxClasses) return bad("_labels", "holds class number " + std::to_string(label));
      values.push_back(static_cast<int>(label));
      raw.largest[c] = std::max(raw.largest[c], values.back());
    }
    auto& example = raw.set.examples.emplace_back();
    example.id = split + "/" + std::to_string(n);
    example.split = split;
    const char* pixels = images.bytes.data() + images.offset + n * whole + first;
    example.picture = {shape[volumes ? 3 : 2], shape[volumes ? 2 : 1], color ? 3 : 1, {pixels, pixels + size}};
  }
  if (volumes && raw.set.findings.empty())
    raw.set.findings.push_back({Finding::Severity::Consent, "middle-slice",
                                "the archive holds volumes of " + std::to_string(shape[1]) +
                                    " slices; networks that classify take pictures, "
                                    "so with your consent each volume stands as its middle slice"});
  return {};
}

// One column numbers its classes; of several, each has classes of its own.
PictureSet numbered(Raw raw) {
  const bool several = raw.largest.size() > 1;
  std::vector<int> first;
  for (std::size_t c = 0; c < raw.largest.size(); ++c) {
    first.push_back(static_cast<int>(raw.set.classes.size()));
    for (int value = 0; value <= raw.largest[c]; ++value)
      raw.set.classes.push_back((several ? std::to_string(c) + "=" : "") + std::to_string(value));
  }
  for (std::size_t n = 0; n < raw.values.size(); ++n)
    for (std::size_t c = 0; c < first.size(); ++c) raw.set.examples[n].labels.push_back(first[c] + raw.values[n][c]);
  return std::move(raw.set);
}

std::string npy(const std::string& shape, const std::string& data) {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }";
  // The header ends in a newline and fills a multiple of 64 bytes.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = header.size();
  return std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(length & 255) + static_cast<char>(length >> 8) + header +
         data;
}

}  // namespace

Result<PictureSet> readNpz(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  int code = 0;
  const Archive zip(zip_open(file.c_str(), ZIP_RDONLY, &code), &zip_discard);
  if (!zip) return fail(ErrorCode::Format, "this is not an .npz archive", "it is made by numpy.savez", file.string());
  const auto size = fs::file_size(file, ec);
  Raw raw;
  for (const std::string split : kSplits) {
    auto images = readArray(zip.get(), split + "_images", size);
    auto labels = readArray(zip.get(), split + "_labels", size);
    if (!images) return fail(images.error(), file.string());
    if (!labels) return fail(labels.error(), file.string());
    if (!*images && !*labels) continue;
    if (!*images || !*labels)
      return fail(ErrorCode::Format, "array " + split + (*images ? "_labels" : "_images") + " is missing", "",
                  file.string());
    if (auto appended = appendSplit(raw, split, **images, **labels); !appended)
      return fail(appended.error(), file.string());
  }
  if (raw.set.examples.empty())
    return fail(ErrorCode::Format, "the archive holds no arrays train_images and train_labels",
                "MedMNIST's layout is expected: {train,val,test}_{images,labels}", file.string());
  return numbered(std::move(raw));
}

Result<void> writeNpz(const fs::path& file, const PictureSet& set) {
  std::vector<std::pair<std::string, std::string>> arrays;
  for (const std::string split : kSplits) {
    std::string images, labels;
    const Picture* first = nullptr;
    std::size_t count = 0;
    for (const auto& example : set.examples) {
      if ((example.split.empty() ? "train" : example.split) != split) continue;
      const Picture& p = example.picture;
      if (!first) first = &p;
      if (p.width != first->width || p.height != first->height || p.channels != first->channels ||
          static_cast<std::int64_t>(p.pixels.size()) != p.width * p.height * p.channels || example.labels.size() != 1 ||
          example.labels[0] < 0 || example.labels[0] > 255)
        return fail(ErrorCode::InvalidArgument,
                    "example " + example.id + " differs in size from the first, or has not one class number up to 255",
                    "", file.string());
      images.append(p.pixels.begin(), p.pixels.end());
      labels += static_cast<char>(example.labels[0]);
      ++count;
    }
    if (!first) continue;
    const std::string n = std::to_string(count);
    arrays.emplace_back(split + "_images.npy",
                        npy("(" + n + ", " + std::to_string(first->height) + ", " + std::to_string(first->width) +
                                (first->channels == 3 ? ", 3)" : ")"),
                            images));
    arrays.emplace_back(split + "_labels.npy", npy("(" + n + ", 1)", labels));
  }
  // In memory first: libzip would write to a file of a name of its own.
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> bytes(zip_source_buffer_create(nullptr, 0, 0, &error),
                                                                        &zip_source_free);
  const auto refused = [&](const char* why) {
    return fail(ErrorCode::Io, std::string("the archive cannot be made: ") + why, "", file.string());
  };
  if (!bytes) return refused(zip_error_strerror(&error));
  zip_source_keep(bytes.get());  // closing the archive gives one of two away
  Archive zip(zip_open_from_source(bytes.get(), ZIP_CREATE | ZIP_TRUNCATE, &error), &zip_discard);
  if (!zip) {
    zip_source_free(bytes.get());
    return refused(zip_error_strerror(&error));
  }
  for (const auto& [name, data] : arrays) {
    zip_source_t* source = zip_source_buffer(zip.get(), data.data(), data.size(), 0);
    const auto index = source ? zip_file_add(zip.get(), name.c_str(), source, ZIP_FL_OVERWRITE) : -1;
    if (index < 0) return refused(zip_strerror(zip.get()));
    // A fixed time, so that the same set gives the same bytes.
    zip_file_set_mtime(zip.get(), static_cast<zip_uint64_t>(index), 1577836800, 0);
  }
  if (zip_close(zip.get()) != 0) return refused(zip_strerror(zip.get()));
  zip.release();
  zip_stat_t stat;
  if (zip_source_stat(bytes.get(), &stat) != 0 || zip_source_open(bytes.get()) != 0)
    return refused(zip_error_strerror(zip_source_error(bytes.get())));
  std::string archive(stat.size, '\0');
  const auto got = zip_source_read(bytes.get(), archive.data(), archive.size());
  zip_source_close(bytes.get());
  if (got != static_cast<zip_int64_t>(archive.size())) return refused("it cannot be read back");
  return writeFileAtomically(file, archive);
}

}  // namespace lorkd::io
