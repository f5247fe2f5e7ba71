// Archives of models' folders: whatever one holds, nothing is written beside the folder that it is unpacked into.
#include "core/models/Archive.cpp"
#include "core/models/ZipFile.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fs = std::filesystem;
  fs::create_directories("inside");
  const auto archive = lorkd::fuzz::scratch("input.zip", data, size);
  lorkd::SilentProgress progress;
  const bool done = lorkd::models::unpack(archive, "inside/out", progress, {}).has_value();
  std::size_t beside = 0;
  for (const auto& entry : fs::directory_iterator("."))
    beside += entry.path().filename() != "inside" && entry.path().filename() != "input.zip";
  const bool left = fs::exists("inside/out");
  if (beside != 0 || left != done || (!done && !fs::is_empty("inside"))) std::abort();
  fs::remove_all("inside");
  return 0;
}
