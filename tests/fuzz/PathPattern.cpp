// A pattern of paths from a plan, or a regular expression alone, and a path: "pattern\npath".
#include "core/base/PathPattern.cpp"

#include "core/base/Expression.cpp"
#include "core/base/ExpressionSyntax.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const auto pattern = text.substr(0, end), path = text.substr(end + 1);
  if (const auto made = lorkd::PathPattern::compile(pattern)) (void)made->match(path);
  if (const auto made = lorkd::Expression::compile(pattern)) {
    (void)made->matchWhole(path.substr(0, 300));
    (void)made->find(path.substr(0, 300));
  }
  return 0;
}
