// The manifest of an exported expert.
#include "core/expert/Manifest.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lorkd::fuzz::scratch("manifest.json", data, size);
  (void)lorkd::expert::readManifest(".");
  return 0;
}
