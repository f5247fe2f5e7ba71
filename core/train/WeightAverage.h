// The exponential moving average of a network's weights.
#pragma once

#include "core/nn/Network.h"
#include "core/nn/TensorFile.h"

namespace lorkd::train {

/// average ← d·average + (1 − d)·weights after every step, with d = min(decay, (1 + n)/(10 + n)) after n steps, so that
/// the first weights, which are drawn at random, do not linger. Running statistics are averaged like weights, counters
/// copied.
class WeightAverage {
 public:
  /// Starts from the weights as they are.
  WeightAverage(double decay, const nn::Network& network);
  /// `steps`: optimiser steps done.
  void update(std::int64_t steps);
  /// Exchanges weights and average, to the bit: what is validated is the network itself.
  void swap();
  /// "average.<name>", as nn::stateOf names the network's tensors.
  nn::NamedTensors state() const;
  /// Errors: Mismatch, NotFound.
  Result<void> restore(const safetensors::File& file);

 private:
  double m_decay;
  nn::NamedTensors m_weights, m_average;
};

}  // namespace lorkd::train
