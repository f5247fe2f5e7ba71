// What the classes of a task are made of: the plan's labels, looked up among a case's structures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/Catalogue.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Label names of class `cls` of a task: the plan's list, or the class's own name.
std::vector<std::string> classLabels(const plan::Task& task, std::size_t cls);

/// What a segmentation of class `cls` of task `task` is to be called and coded, and its colour in the plan.
image::Label classLabel(const plan::Plan& plan, std::size_t task, std::size_t cls);

using image::sameLabel;

/// Whether a set of pictures with these class names only numbers its classes ("0", "1", ..., as .npz archives do), as
/// many as the task has: the plan's order is then the order of the numbers.
bool followsOrder(const std::vector<std::string>& classes, const plan::Task& task);

/// Every label that the classes of these tasks are made of.
std::vector<std::string> wantedLabels(const std::vector<const plan::Task*>& tasks);

/// The mask of one class of the task, as classMasks() has it.
std::optional<image::Mask> classMask(const image::SegmentSet& set, const plan::Task& task, std::size_t cls);

/// One mask per class of the task, on the set's grid: the union of all structures with one of the class's labels;
/// nothing where the set has none of them.
std::vector<std::optional<image::Mask>> classMasks(const image::SegmentSet& set, const plan::Task& task);

}  // namespace lorkd::data
