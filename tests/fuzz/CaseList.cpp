// Lists of cases, as they lie in a run directory.
#include "core/data/CaseList.cpp"

#include "core/data/Case.cpp"
#include "core/image/GeometryJson.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)lorkd::data::loadCaseList(lorkd::fuzz::scratch("cases.json", data, size));
  return 0;
}
