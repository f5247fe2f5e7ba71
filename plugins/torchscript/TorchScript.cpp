// The exporter "torchscript": one file that Python (torch.jit.load) and C++ run without this program.
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/script.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "core/base/File.h"
#include "core/expert/Exporter.h"
#include "core/plugin/Registry.h"
#include "plugins/torchscript/DynamicSizes.h"

namespace lorkd {
namespace torchscript {
namespace {

using torch::Tensor;

/// Modules named as the network's, holding the same tensors: the tracer knows a weight by its identity.
struct Tree {
  std::map<std::string, Tree> children;
  std::vector<std::pair<std::string, Tensor>> tensors;

  void insert(const std::string& path, const Tensor& tensor) {
    const auto dot = path.find('.');
    if (dot == std::string::npos)
      tensors.emplace_back(path, tensor);
    else
      children[path.substr(0, dot)].insert(path.substr(dot + 1), tensor);
  }
  torch::jit::Module build(const std::string& type, const std::shared_ptr<torch::jit::CompilationUnit>& unit) const {
    torch::jit::Module module(c10::QualifiedName("__torch__.lorkd." + type), unit, /*shouldMangle=*/true);
    // Python's freeze() and eval() want to find it.
    module.register_attribute("training", c10::BoolType::get(), false);
    for (const auto& [name, tensor] : tensors) module.register_parameter(name, tensor, !tensor.requires_grad());
    for (const auto& [name, child] : children) module.register_module(name, child.build("Part", unit));
    return module;
  }
};

std::shared_ptr<torch::jit::Graph> trace(torch::jit::Module& module, nn::Network& network, int task, const Tensor& x) {
  const auto forward = [&](torch::jit::Stack inputs) {
    return torch::jit::Stack{network->predict(inputs.front().toTensor(), task)};
  };
  const auto noNames = [](const Tensor&) { return std::string(); };
  return torch::jit::tracer::trace({x}, forward, noNames, true, false, &module).first->graph;
}

/// The sizes of each axis on which a network is traced: the first is the base, the last one is only checked.
/// Where any size goes (multiple 1), strides round up or down: powers of two show the slope, an odd size the rounding.
/// Else inputs stay small, because they cost memory as their volume: one multiple, and two along the last axis, since a
/// single voxel at the coarsest level cannot be normalised.
std::vector<std::vector<std::int64_t>> tracingSizes(const Tensor& example, std::int64_t multiple) {
  std::vector<std::vector<std::int64_t>> sizes{{2, 3, 1}, {example.size(1)}};
  for (std::int64_t axis = 2; axis < example.dim(); ++axis)
    if (multiple == 1)
      sizes.push_back({64, 128, 65, 45});
    else if (axis + 1 < example.dim())
      sizes.push_back({multiple, 2 * multiple, 3 * multiple});
    else
      sizes.push_back({2 * multiple, 3 * multiple, multiple});
  return sizes;
}

Result<torch::jit::Module> script(nn::Network& network, int task, const Tensor& example) {
  Tree tree;
  for (const auto& [name, tensor] : expert::expertState(network, task)) tree.insert(name, tensor);
  auto unit = std::make_shared<torch::jit::CompilationUnit>();
  auto module = tree.build("Expert", unit);

  // What is traced depends on neither the values nor the size of the example.
  const auto choices = tracingSizes(example, network->backbone().sizeMultiple());
  std::vector<std::int64_t> sizes;
  for (const auto& choice : choices) sizes.push_back(choice.front());
  const auto graph = trace(module, network, task, torch::randn(sizes));
  std::vector<Variant> variants;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis)
    for (std::size_t i = 1; i + 1 < choices[axis].size(); ++i) {
      auto other = sizes;
      other[axis] = choices[axis][i];
      variants.push_back(
          {static_cast<std::int64_t>(axis), other[axis], trace(module, network, task, torch::randn(other))});
    }
  const auto axes = makeSizesDynamic(*graph, graph->inputs().at(1), sizes, variants);
  torch::jit::EliminateDeadCode(graph);
  graph->lint();
  auto* function = unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), graph);
  module.type()->addMethod(function);

  auto unseen = sizes;
  for (const auto axis : axes) unseen[static_cast<std::size_t>(axis)] = choices[static_cast<std::size_t>(axis)].back();
  const auto x = torch::randn(unseen);
  const auto wanted = network->predict(x, task), found = module.forward({x}).toTensor();
  if (found.sizes() != wanted.sizes() || !torch::allclose(found, wanted, 1e-4, 1e-4))
    return fail(ErrorCode::Mismatch, "the traced expert does not follow the network on inputs of other sizes",
                "this backbone cannot be exported as TorchScript; choose another format");
  return module;
}

/// The work of LibTorch's compiler, whose exceptions become errors here.
template <class Work>
auto guarded(const std::filesystem::path& file, Work work) -> decltype(work()) {
  try {
    torch::NoGradGuard noGrad;
    return work();
  } catch (const std::exception& e) {
    const std::string what = e.what();
    return fail(ErrorCode::Internal, "TorchScript: " + what.substr(0, what.find("\nException raised")), "",
                file.string());
  }
}

class TorchScriptExporter final : public expert::Exporter {
 public:
  std::string name() const override { return "torchscript"; }
  std::string fileName() const override { return "expert.ts"; }

  Result<void> write(const std::filesystem::path& file, nn::Network& network, int task, const Tensor& example,
                     const expert::Manifest& manifest) override {
    return guarded(file, [&]() -> Result<void> {
      LORKD_TRY(module, script(network, task, example));
      // In memory first: LibTorch's own file writer ends the program where the disk is full.
      std::ostringstream bytes;
      module.save(bytes, {{"manifest.json", Json(manifest).dump(2)}});
      return writeFileAtomically(file, bytes.view());
    });
  }

  Result<Tensor> readBack(const std::filesystem::path& file, nn::Network&, int, const Tensor& input) override {
    return guarded(file, [&]() -> Result<Tensor> {
      auto module = torch::jit::load(file.string(), torch::kCPU);
      return module.forward({input}).toTensor();
    });
  }
};

}  // namespace
}  // namespace torchscript
}  // namespace lorkd

void register_torchscript(lorkd::plugin::Registry& registry) {
  registry.add(std::make_shared<lorkd::torchscript::TorchScriptExporter>());
}
