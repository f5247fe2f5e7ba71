#include "core/eval/Flops.h"

#include <ATen/record_function.h>

#include <map>
#include <string>

#include "core/nn/kernels/Convolution.h"

namespace lorkd::eval {
namespace {

enum class Operation { Convolution, Transposed, Linear, Product, AddedProduct };

/// Operators nest (conv3d calls convolution calls mkldnn_convolution): the outermost of these counts.
const std::map<std::string, Operation>& operations() {
  static const std::map<std::string, Operation> known{{"aten::conv1d", Operation::Convolution},
                                                      {"aten::conv2d", Operation::Convolution},
                                                      {"aten::conv3d", Operation::Convolution},
                                                      {"aten::convolution", Operation::Convolution},
                                                      {"aten::_convolution", Operation::Convolution},
                                                      {"aten::mkldnn_convolution", Operation::Convolution},
                                                      {"aten::conv_transpose1d", Operation::Transposed},
                                                      {"aten::conv_transpose2d", Operation::Transposed},
                                                      {"aten::conv_transpose3d", Operation::Transposed},
                                                      {"aten::linear", Operation::Linear},
                                                      {"aten::mm", Operation::Product},
                                                      {"aten::bmm", Operation::Product},
                                                      {"aten::matmul", Operation::Product},
                                                      {"aten::addmm", Operation::AddedProduct},
                                                      {"aten::baddbmm", Operation::AddedProduct}};
  return known;
}

thread_local int depth = 0;
thread_local std::int64_t sum = 0;

/// What is known when an operator starts: products per output element, or their number itself.
struct Call : at::ObserverContext {
  std::int64_t perOutput = 0, whole = 0;
};

/// Inputs are only there at the start, outputs only at the end.
std::unique_ptr<at::ObserverContext> onStart(const at::RecordFunction& function) {
  const auto found = operations().find(function.name());
  if (found == operations().end()) return nullptr;
  auto call = std::make_unique<Call>();
  ++depth;
  const auto inputs = function.inputs();
  const std::size_t first = found->second == Operation::AddedProduct ? 1 : 0;
  if (inputs.size() < first + 2 || !inputs[first].isTensor() || !inputs[first + 1].isTensor()) return call;
  const auto &a = inputs[first].toTensor(), &b = inputs[first + 1].toTensor();
  switch (found->second) {
    case Operation::Convolution:
    case Operation::Transposed: {
      const auto products = b.numel() / b.size(0);
      const bool transposed =
          found->second == Operation::Transposed || (inputs.size() > 6 && inputs[6].isBool() && inputs[6].toBool());
      (transposed ? call->whole : call->perOutput) = transposed ? a.numel() * products : products;
      break;
    }
    case Operation::Linear:
    case Operation::Product:
    case Operation::AddedProduct:
      call->perOutput = a.size(-1);
  }
  return call;
}

void onEnd(const at::RecordFunction& function, at::ObserverContext* context) {
  const auto* call = static_cast<Call*>(context);
  if (!call || --depth > 0) return;
  const auto outputs = function.outputs();
  const bool tensor = !outputs.empty() && outputs[0].isTensor() && outputs[0].toTensor().defined();
  sum += call->whole + (tensor ? call->perOutput * outputs[0].toTensor().numel() : 0);
}

/// The callback, for as long as this lives.
class Listening {
 public:
  Listening()
      : m_handle(at::addThreadLocalCallback(at::RecordFunctionCallback(onStart, onEnd)
                                                .needsInputs(true)
                                                .needsOutputs(true)
                                                .scopes({at::RecordScope::FUNCTION}))) {
    depth = 0;
    sum = 0;
  }
  ~Listening() { at::removeCallback(m_handle); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  at::CallbackHandle m_handle;
};

}  // namespace

std::int64_t multiplyAdds(const std::function<void()>& work) {
  const nn::StockKernels observable;
  const Listening listening;
  work();
  return sum;
}

}  // namespace lorkd::eval
