// The course of the learning rate.
#pragma once

#include <cstdint>

#include "core/run/Plan.h"

namespace lorkd::train {

/// Learning rate of optimiser step `step` (counted from 0): a linear rise peak·(step+1)/warmup, then constant, or a
/// cosine from the peak after warm-up towards 0 after the last step (SGDR without restarts, arXiv 1608.03983).
double learningRate(const plan::Training& options, std::int64_t step);

}  // namespace lorkd::train
