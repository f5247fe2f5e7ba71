// Tables of pictures, and their cells.
#include "core/data/PictureTable.cpp"

#include "core/base/Composed.cpp"
#include "core/data/OpenTable.cpp"
#include "core/data/PictureTableSets.cpp"
#include "core/data/layout/ColumnNames.cpp"
#include "core/data/layout/PictureColumns.cpp"
#include "core/data/layout/PicturePlaces.cpp"
#include "core/io/Csv.cpp"
#include "core/io/Utf16.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace lorkd;
  static const bool made = [bytes] {
    for (const char* name : {"a.png", "b.png", "c.txt"}) fuzz::scratch(name, bytes, 0);
    return std::filesystem::create_directory("below");
  }();
  if (!made) std::abort();
  const auto file = std::filesystem::absolute(fuzz::scratch("table.csv", bytes, size));
  const auto places = data::layout::PicturePlaces::open(file.parent_path());
  if (!places) std::abort();
  (void)data::setsOfTables({file}, *places);
  const auto set = data::readPictureTables({file}, *places);
  if (!set) return 0;
  for (const auto& example : set->examples)
    for (const int label : example.labels)
      if (label < 0 || static_cast<std::size_t>(label) >= set->classes.size()) std::abort();
  return 0;
}
