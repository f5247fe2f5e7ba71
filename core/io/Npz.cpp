// MedMNIST-style .npz.
#include <algorithm>
#include <memory>
#include <numeric>

#include "core/base/File.h"
#include "core/io/Limits.h"
#include "core/io/NpyArray.h"
#include "core/io/NpzPictures.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSplits[] = {"train", "val", "test"};
constexpr int kMaxClasses = 10000;
constexpr std::size_t kMaxColumns = 1000;

std::int64_t integerAt(const Layout& layout, std::string_view values, std::uint64_t n) {
  std::uint64_t raw = 0;
  for (std::size_t b = 0; b < layout.item; ++b) {
    const auto byte = static_cast<unsigned char>(values[n * layout.item + b]);
    raw |= std::uint64_t(byte) << 8 * (layout.dtype[0] == '>' ? layout.item - 1 - b : b);
  }
  const auto unused = static_cast<unsigned>(64 - 8 * layout.item);
  return layout.dtype[1] == 'i' ? static_cast<std::int64_t>(raw << unused) >> unused : static_cast<std::int64_t>(raw);
}

Result<PictureFrames> picturesIn(const Layout& images) {
  const auto bad = [&](const std::string& what, ErrorCode code = ErrorCode::Format) {
    return badArray(images.name, what, code);
  };
  auto shape = images.shape;
  if (shape.size() > 3 && shape.back() == 1) shape.pop_back();
  const bool color = shape.size() == 4 && shape[3] == 3, volumes = shape.size() == 4 && !color;
  if (images.item != 1 || images.dtype[1] != 'u' || (shape.size() != 3 && shape.size() != 4))
    return bad("must hold 8-bit images of shape (N, H, W), (N, H, W, 3) or (N, D, H, W)");
  PictureFrames frames;
  frames.count = shape[0];
  if (frames.count == 0) return frames;
  if (images.values == 0) return bad("holds empty images");
  if (frames.count > kMostPictures)
    return bad("holds " + grouped(frames.count) + " pictures, more than " + grouped(kMostPictures),
               ErrorCode::Unsupported);
  frames.width = shape[volumes ? 3 : 2];
  frames.height = shape[volumes ? 2 : 1];
  frames.channels = color ? 3 : 1;
  frames.slices = volumes ? shape[1] : 0;
  frames.apart = images.values / static_cast<std::uint64_t>(frames.count);
  frames.size = volumes ? frames.apart / static_cast<std::uint64_t>(shape[1]) : frames.apart;
  frames.first = volumes ? static_cast<std::uint64_t>(shape[1] / 2) * frames.size : 0;  // of the middle slice
  if (frames.size > static_cast<std::uint64_t>(kMostSamples))
    return bad("holds pictures of " + grouped(static_cast<std::int64_t>(frames.size)) + " samples, more than " +
                   grouped(kMostSamples),
               ErrorCode::Unsupported);
  return frames;
}

// What the arrays of all splits say; the labels of the examples are the values themselves, until they are numbered.
struct Raw {
  PictureSet set;
  std::vector<int> largest;  // by label column
};

// `values` are those of the labels.
Result<void> appendSplit(Raw& raw, const std::string& split, const fs::path& file, const Layout& images,
                         const Layout& labels, std::string_view values) {
  LORKD_TRY(frames, picturesIn(images));
  const auto bad = [&](const std::string& what) { return badArray(labels.name, what); };
  if (labels.shape[0] != frames.count || labels.shape.size() > 2)
    return bad("must hold class numbers of each image: shape (N), (N, 1) or, for several labels, (N, K)");
  if (frames.count == 0) return {};
  const auto columns = static_cast<std::size_t>(labels.shape.size() == 2 ? labels.shape[1] : 1);
  if (columns == 0 || columns > kMaxColumns || (!raw.largest.empty() && columns != raw.largest.size()))
    return bad("has " + std::to_string(columns) + " columns");
  raw.largest.resize(columns, 0);
  for (std::uint64_t n = 0; n < labels.values; ++n) {
    const std::int64_t label = integerAt(labels, values, n);
    if (label < 0 || label >= kMaxClasses) return bad("holds class number " + std::to_string(label));
    auto& largest = raw.largest[n % columns];
    largest = std::max(largest, static_cast<int>(label));
  }
  // A few bytes name any number of classes.
  const auto names = std::accumulate(raw.largest.begin(), raw.largest.end(), static_cast<std::int64_t>(columns));
  if (names > kMostClassNames)
    return badArray(labels.name,
                    "its " + std::to_string(columns) + " columns have " + grouped(names) +
                        " classes together, more than " + grouped(kMostClassNames),
                    ErrorCode::Unsupported);
  LORKD_CHECK(roomFor(
      static_cast<double>(frames.count) * static_cast<double>(sizeof(LabelledPicture) + columns * sizeof(int)), {}));
  for (std::int64_t n = 0; n < frames.count; ++n) {
    auto& example = raw.set.examples.emplace_back();
    example.labels.reserve(columns);
    for (std::size_t c = 0; c < columns; ++c)
      example.labels.push_back(
          static_cast<int>(integerAt(labels, values, static_cast<std::uint64_t>(n) * columns + c)));
    example.id = split + "/" + std::to_string(n);
    example.split = split;
    example.file = file;
    example.place = n;
  }
  if (frames.slices > 0 && raw.set.findings.empty())
    raw.set.findings.push_back({Finding::Severity::Consent, "middle-slice",
                                "the archive holds volumes of " + std::to_string(frames.slices) +
                                    " slices; networks that classify take pictures, "
                                    "so with your consent each volume stands as its middle slice"});
  return {};
}

// The values of an array of labels.
Result<std::string> labelValues(ArrayStream& labels) {
  const auto bytes = labels.layout().values * labels.layout().item;
  if (labels.layout().values > kMostLabels)
    return badArray(labels.layout().name,
                    "it has " + grouped(static_cast<std::int64_t>(labels.layout().values)) + " labels, more than " +
                        grouped(kMostLabels),
                    ErrorCode::Unsupported);
  std::string values(bytes, '\0');
  LORKD_CHECK(labels.read(values.data(), bytes));
  LORKD_CHECK(labels.end());
  return values;
}

Result<void> readSplit(zip_t* zip, const std::string& split, const fs::path& file, Raw& raw) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  LORKD_TRY(images, ArrayStream::open(zip, split + "_images", size));
  LORKD_TRY(labels, ArrayStream::open(zip, split + "_labels", size));
  if (!images && !labels) return {};
  if (!images || !labels)
    return fail(ErrorCode::Format, "array " + split + (images ? "_labels" : "_images") + " is missing");
  LORKD_CHECK(picturesIn(images->layout()));
  LORKD_TRY(values, labelValues(*labels));
  return appendSplit(raw, split, file, images->layout(), labels->layout(), values);
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
  for (auto& example : raw.set.examples)
    for (std::size_t c = 0; c < first.size(); ++c) example.labels[c] += first[c];
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
  LORKD_TRY(zip, openArchive(file));
  Raw raw;
  for (const std::string split : kSplits)
    if (auto read = readSplit(zip.get(), split, file, raw); !read) return fail(read.error(), file.string());
  if (raw.set.examples.empty())
    return fail(ErrorCode::Format, "the archive holds no arrays train_images and train_labels",
                "MedMNIST's layout is expected: {train,val,test}_{images,labels}", file.string());
  return numbered(std::move(raw));
}

struct NpzPictures::Impl {
  Archive zip;
  ArrayStream stream;
  PictureFrames frames;
  std::int64_t next = 0;  // the example whose bytes come next
};

NpzPictures::NpzPictures() = default;
NpzPictures::~NpzPictures() = default;

Result<void> NpzPictures::open(const fs::path& file, const std::string& split) {
  m_impl.reset();
  LORKD_TRY(zip, openArchive(file));
  std::error_code ec;
  const auto name = split + "_images";
  LORKD_TRY(stream, ArrayStream::open(zip.get(), name, fs::file_size(file, ec)));
  if (!stream) return badArray(name, "it is no longer there");
  LORKD_TRY(frames, picturesIn(stream->layout()));
  m_impl = std::make_unique<Impl>(std::move(zip), std::move(*stream), frames);
  m_file = file;
  m_split = split;
  return {};
}

Result<void> NpzPictures::finish() {
  if (!m_impl) return {};
  const auto own = std::move(m_impl);
  const auto rest = own->frames.apart * static_cast<std::uint64_t>(own->frames.count - own->next);
  auto ended = own->stream.skip(rest);
  if (ended) ended = own->stream.end();
  return ended ? ended : fail(ended.error(), m_file.string());
}

Result<Picture> NpzPictures::read(const LabelledPicture& example) {
  if (!m_impl || m_file != example.file || m_split != example.split || example.place < m_impl->next) {
    LORKD_CHECK(finish());
    if (auto opened = open(example.file, example.split); !opened) return fail(opened.error(), example.file.string());
  }
  auto& [zip, stream, frames, next] = *m_impl;
  if (example.place >= frames.count)
    return fail(ErrorCode::Mismatch, "array " + m_split + "_images has fewer pictures than before",
                "scan the folder again", m_file.string());
  Picture picture{frames.width, frames.height, frames.channels, std::vector<std::uint8_t>(frames.size)};
  auto done = stream.skip(static_cast<std::uint64_t>(example.place - next) * frames.apart + frames.first);
  if (done) done = stream.read(reinterpret_cast<char*>(picture.pixels.data()), frames.size);
  if (done) done = stream.skip(frames.apart - frames.first - frames.size);
  if (!done) return fail(done.error(), m_file.string());
  next = example.place + 1;
  return picture;
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
