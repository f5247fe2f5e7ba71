// NIfTI-2 headers, plain and packed.
#include "core/io/Nifti2.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)lorkd::io::asNifti1(lorkd::fuzz::scratch("input.nii", data, size), true);
  return 0;
}
