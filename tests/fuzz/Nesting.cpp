// The walk through the nesting of a DICOM file.
#include "core/io/dicom/Nesting.cpp"

#include "core/io/dicom/Elements.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)lorkd::io::checkNesting(lorkd::fuzz::scratch("input.dcm", data, size));
  return 0;
}
