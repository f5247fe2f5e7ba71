// Names of labels: a CSV, the header of a segmentation of 3D Slicer, or a list of another program.
#include "core/io/LabelNames.cpp"

#include "core/io/NamedValues.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool nrrd = size > 4 && data[0] == 'N' && data[1] == 'R' && data[2] == 'R' && data[3] == 'D';
  const char* name = "input.csv";
  if (nrrd) name = "input.seg.nrrd";
  if (size > 0 && data[0] == '#') name = "input.txt";
  if (size > 0 && data[0] == '{') name = "labels.json";
  const auto file = lorkd::fuzz::scratch(name, data, size);
  for (const int layer : {0, 1}) (void)lorkd::io::readNames(file, layer);
  return 0;
}
