// Plans: the JSON, all faults of one, what a good one becomes, and fields that are set on the command line (the lines
// after the document).
#include "core/run/Plan.cpp"

#include "core/base/Json.cpp"
#include "core/run/PlanValidation.cpp"
#include "core/run/SchemaWords.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find("\n--set ");
  auto json = parseJson(std::string_view(text).substr(0, end), "plan");
  (void)parseSortedJson(std::string_view(text).substr(0, end), "plan");
  if (!json) return 0;
  for (auto at = end; at != text.npos;) {
    const auto next = text.find("\n--set ", at + 1);
    (void)plan::set(*json, text.substr(at + 7, next == text.npos ? next : next - at - 7));
    at = next;
  }
  const auto plan = plan::fromJson(*json);
  if (!plan) return 0;
  // A good plan stays good, and itself, when it is written out.
  const auto again = plan::fromJson(plan::toJson(*plan));
  if (!again || plan::digest(*again) != plan::digest(*plan)) std::abort();
  return 0;
}
