// Headers of NIfTI, of pairs and of MGH, and voxels, plain and packed.
#include "core/io/Nifti2.cpp"

#include "core/io/Mgh.cpp"
#include "core/io/NiftiPair.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace io = lorkd::io;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool mgh = bytes.starts_with(std::string_view("\0\0\0\1", 4));
  const bool pair = !mgh && bytes.size() >= 348 && !bytes.starts_with("\x1f\x8b") && bytes.substr(344, 2) != "n+" &&
                    bytes.substr(4, 2) != "n+";
  const auto file = lorkd::fuzz::scratch(mgh ? "input.mgh" : pair ? "input.hdr" : "input.nii", data, size);
  if (const auto header = mgh ? io::mghFile(file) : io::niftiFile(file))
    (void)io::niftiVoxels(file, *header, {0, 4096, 0});
  return 0;
}
