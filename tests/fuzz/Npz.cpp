// Archives of arrays: whole ones, and single arrays, which no checksum guards against change.
#include "core/io/Npz.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd::io;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.starts_with("\x93NUMPY")) {
    (void)readNpz(lorkd::fuzz::scratch("input.npz", data, size));
    return 0;
  }
  // Images, and behind them labels.
  const auto second = bytes.find("\x93NUMPY", 1);
  const auto images = parseNpy(bytes.substr(0, second), "images");
  if (!images || second == bytes.npos) return 0;
  const auto labels = parseNpy(bytes.substr(second), "labels");
  Raw raw;
  if (labels && appendSplit(raw, "train", *images, *labels)) (void)numbered(std::move(raw));
  return 0;
}
