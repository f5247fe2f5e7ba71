// An event log that is read while it grows, then read anew, then cut back.
#include "core/run/EventLog.cpp"

#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  const char* name = "events.jsonl";
  run::EventReader reader(name);
  std::size_t seen = 0;
  for (const auto part : {size / 3, size / 2, size}) {
    fuzz::scratch(name, data, part);
    seen += reader.poll().size();
  }
  // However it was torn, every whole line came once.
  if (run::EventReader(name).poll().size() != seen) std::abort();
  (void)run::EventWriter(name).rewindTo(100, true);
  return 0;
}
