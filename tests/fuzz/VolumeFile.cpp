// Volumes with a text at their head, NRRD and MetaImage, and the checks before ITK may read them.
#include "core/io/VolumeFile.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const char* name = bytes.starts_with("NRRD")                 ? "input.nrrd"
                     : bytes.find("ElementType") != bytes.npos ? "input.mha"
                                                               : "input.nii";
  const auto file = fuzz::scratch(name, data, size);
  (void)io::voxelsOf(file);
  (void)io::readVolumeGeometry(file);
  (void)io::readLabelMap(file);
  (void)io::readLabelLayers(file);
  return 0;
}
