// Archives of arrays: whole ones, and single arrays, which no checksum guards against change.
#include "core/io/Npz.cpp"

#include "core/io/NpyArray.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd::io;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.starts_with("\x93NUMPY")) {
    if (const auto set = readNpz(lorkd::fuzz::scratch("input.npz", data, size))) (void)pictureOf(set->examples.back());
    return 0;
  }
  // Images, and behind them labels.
  const auto second = bytes.find("\x93NUMPY", 1);
  if (second == bytes.npos) return 0;
  const auto layoutOf = [](const std::string& array, const char* name) -> lorkd::Result<Layout> {
    const auto head = headLength(array);
    if (head < 12 || head > array.size()) return lorkd::fail(lorkd::ErrorCode::Format, "no array");
    return parseLayout(std::string_view(array).substr(0, head), array.size(), name);
  };
  const auto labelBytes = bytes.substr(second);
  const auto images = layoutOf(bytes.substr(0, second), "images"), labels = layoutOf(labelBytes, "labels");
  Raw raw;
  if (images && labels &&
      appendSplit(raw, "train", "input.npz", *images, *labels, std::string_view(labelBytes).substr(labels->begin)))
    (void)numbered(std::move(raw));
  return 0;
}
