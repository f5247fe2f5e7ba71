// The index of a folder of prepared cases, beside a volume and pictures that are right.
#include "core/base/SafeTensors.h"
#include "core/feed/Dataset.cpp"
#include "core/feed/Labels.cpp"
#include "tests/fuzz/Scratch.h"

namespace {

using namespace lorkd;

plan::Plan planOf(const char* text) {
  auto plan = plan::fromJson(Json::parse(text));
  if (!plan) std::abort();
  return *plan;
}

void writeFiles() {
  static const std::vector<std::byte> zeros(64);
  static const std::uint32_t blocks[] = {2, 2, 2, 0, 1};
  const auto bytes = [](std::size_t count) { return std::span(zeros).first(count); };
  const auto volume = safetensors::write("v", {{"image", "F32", {1, 2, 2, 2}, bytes(32)},
                                               {"task.0.sets", "U8", {1, 1}, bytes(1)},
                                               {"task.0.blocks", "I32", {5}, std::as_bytes(std::span(blocks))}});
  const auto pictures =
      safetensors::write("p", {{"images", "F32", {2, 1, 2, 2}, bytes(32)}, {"labels", "I64", {2}, bytes(16)}});
  if (!volume || !pictures) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool written = (writeFiles(), true);
  static const plan::Plan plans[] = {
      planOf(R"({"tasks": {"liver": {"classes": {"liver": {}}}}})"),
      planOf(R"({"tasks": {"shape": {"kind": "classification", "classes": {"disc": {}, "square": {}}}}})")};
  if (!written) std::abort();
  fuzz::scratch("index.json", data, size);
  for (const auto& plan : plans) {
    const auto dataset = feed::Dataset::open("index.json", plan);
    if (!dataset) continue;
    for (const char* split : {"train", "validation", "test"})
      for (std::size_t n = 0; n < dataset->size(split, 0) && n < 100; ++n)
        if (!dataset->example(split, 0, n)) std::abort();
  }
  return 0;
}
