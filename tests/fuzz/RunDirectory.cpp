// What stands in a run directory beside its plan: the status of its trainer and the commands to it.
#include "core/run/RunDirectory.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  static const auto plan = plan::fromJson(Json::parse(R"({"tasks": {"liver": {"classes": {"liver": {}}}}})"));
  static const auto made = run::RunDirectory::create("run", *plan);
  if (!made) std::abort();
  fuzz::scratch("run/status.json", data, size);
  fuzz::scratch("run/control.json", data, size);
  (void)made->status();
  (void)made->commands(0);
  return 0;
}
