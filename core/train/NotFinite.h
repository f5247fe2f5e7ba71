// Where in a network numbers stopped being finite.
#pragma once

#include <functional>
#include <string>

#include "core/nn/Network.h"

namespace lorkd::train {

/// The first parameter or running statistic that is not finite: "the weights of layer 'backbone.encoder.0.conv0'",
/// named as in adaptedLayers(), or else by the module. Empty if there is none.
std::string weightNotFinite(const nn::Network& network);

/// The first layer whose activations are not finite, found by watching `forward`: "the activations of layer '...'".
/// Empty if there is none.
std::string activationNotFinite(const nn::Network& network, const std::function<void()>& forward);

/// The layer nearest to the output, where gradients come from, whose gradient is not finite. Empty if there is none.
std::string gradientNotFinite(const nn::Network& network);

}  // namespace lorkd::train
