// NIfTI headers and voxels, plain and packed.
#include "core/io/Nifti2.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = lorkd::fuzz::scratch("input.nii", data, size);
  if (const auto header = lorkd::io::niftiFile(file)) (void)lorkd::io::niftiVoxels(file, *header, {0, 4096, 0});
  return 0;
}
