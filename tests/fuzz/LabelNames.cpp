// Names of labels: a CSV, or the header of a segmentation of 3D Slicer.
#include "core/io/LabelNames.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool nrrd = size > 4 && data[0] == 'N' && data[1] == 'R' && data[2] == 'R' && data[3] == 'D';
  const auto file = lorkd::fuzz::scratch(nrrd ? "input.seg.nrrd" : "input.csv", data, size);
  for (const int layer : {0, 1}) (void)lorkd::io::readNames(file, layer);
  return 0;
}
