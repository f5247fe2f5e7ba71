// Files of weights: pickles, both forms of torch.save(), safetensors.
#include "core/models/Weights.cpp"

#include "core/models/Globals.cpp"
#include "core/models/Pickle.cpp"
#include "core/models/Rebuild.cpp"
#include "core/models/StateDict.cpp"
#include "core/models/TorchFile.cpp"
#include "core/models/Tree.cpp"
#include "core/models/ZipFile.cpp"
#include "tests/fuzz/Scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd::models;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("\x80") && !beginsLegacy(bytes)) {
    if (const auto read = unpickle(bytes)) {
      (void)toJson(read->tree, read->tree.root, nowhere, 10'000);
      for (const auto& dict : stateDictsOf(read->tree)) (void)tensorsOf(read->tree, dict);
    }
    return 0;
  }
  const auto weights = readWeights(lorkd::fuzz::scratch("input.pth", data, size));
  if (!weights) return 0;
  (void)weights->parameters();
  volatile std::byte last{};
  for (const auto& weight : weights->all) {
    const auto elements = elementsOf(weight.tensor.shape).value();
    const auto storage = weights->storage(weight);
    if (!storage || elements == 0) continue;
    auto place = weight.tensor.offset;
    for (std::size_t d = 0; d < weight.tensor.shape.size(); ++d)
      place += static_cast<std::uint64_t>((weight.tensor.shape[d] - 1) * weight.tensor.stride[d]);
    last = storage->get()[(place + 1) * lorkd::safetensors::elementSize(weight.tensor.dtype) - 1];
  }
  (void)last;
  return 0;
}
