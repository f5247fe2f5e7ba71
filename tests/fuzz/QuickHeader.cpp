// The short way through a DICOM header: it must say what DCMTK says, or nothing.
#include "core/io/dicom/QuickHeader.h"

#include <cstdio>
#include <cstdlib>

#include "core/io/dicom/Elements.cpp"
#include "core/io/dicom/QuickHeader.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = lorkd::fuzz::scratch("input.dcm", data, size);
  auto quick = lorkd::io::quickHeader(file);
  if (!quick) return 0;
  quick->file = file;
  const auto loaded = lorkd::io::dicom::load(file);
  if (loaded && lorkd::io::describe(*loaded, file) == *quick) return 0;
  std::fprintf(stderr, "not what DCMTK says of the header\n");
  std::abort();
}
