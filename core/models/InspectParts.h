// The parts of an inspection, each of which adds its facts and sentences. Inside this room.
#pragma once

#include "core/models/Inspect.h"
#include "core/models/NnUnet.h"
#include "core/models/Weights.h"

namespace lorkd::models {

/// At most `most` of them, and how many there are beyond.
std::string joinedNames(const std::vector<std::string>& names, std::size_t most);

/// Tensors, types, sizes, digest. Errors: those of loadTensor().
Result<void> tellWeights(const Weights& weights, Inspection& out);

/// Data set, trainer, folds, licence, and TotalSegmentator's task if it is one.
void tellModel(const NnUnetFolder& folder, Inspection& out);

/// What plans say of the network, the images and the labels, and what was not understood.
void tellPlans(const NnUnetPlans& plans, Inspection& out);

/// Where the weights are other than the plans say: first convolution, outputs.
void compareWithPlans(const Weights& weights, const NnUnetPlans& plans, Inspection& out);

/// If the weights come from a checkpoint of nnU-Net: its trainer and plans.
void tellCheckpoint(const Weights& weights, Inspection& out);

/// The licence that a folder states: the first line of its LICENSE, or `license` of its model card; empty if none.
std::string licenceBeside(const std::filesystem::path& folder);

}  // namespace lorkd::models
