// Siemens' private header of images.
#include "core/io/dicom/CsaHeader.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto* name : {"NumberOfImagesInMosaic", "SliceNormalVector", ""}) (void)lorkd::io::csaValues(bytes, name);
  return 0;
}
