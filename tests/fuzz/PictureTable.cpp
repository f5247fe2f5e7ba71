// Tables of pictures, and their cells.
#include "core/io/PictureTable.cpp"

#include "core/io/Csv.cpp"
#include "core/io/PicturePlaces.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  static const bool made = [data] {
    for (const char* name : {"a.png", "b.png", "c.txt"}) fuzz::scratch(name, data, 0);
    return std::filesystem::create_directory("below");
  }();
  if (!made) std::abort();
  const auto file = fuzz::scratch("table.csv", data, size);
  (void)io::isPictureTable(file);
  const auto set = io::readPictureTables({file});
  if (!set) return 0;
  for (const auto& example : set->examples)
    for (const int label : example.labels)
      if (label < 0 || static_cast<std::size_t>(label) >= set->classes.size()) std::abort();
  return 0;
}
