// Headers of safetensors files, and every tensor that a file is said to hold.
#include "core/base/SafeTensors.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  const auto file = safetensors::File::open(fuzz::scratch("input.safetensors", data, size));
  if (!file) return 0;
  [[maybe_unused]] volatile unsigned sum = 0;
  for (const auto& [name, tensor] : file->tensors())
    for (const auto byte : tensor.bytes) sum = sum + static_cast<unsigned>(byte);
  return 0;
}
