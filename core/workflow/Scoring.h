// Whole-volume predictions and scores of one task, shared by validation, evaluation, prediction and export.
#pragma once

#include <torch/torch.h>

#include <array>
#include <functional>

#include "core/base/Progress.h"
#include "core/eval/Answers.h"
#include "core/eval/SlidingWindow.h"
#include "core/eval/SurfaceScores.h"
#include "core/feed/Dataset.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"

namespace lorkd::workflow {

/// Patch (D, H, W), overlap, batch and outputs of a task's sliding windows.
eval::WindowOptions windowOptions(const plan::Plan& plan, int task);
/// Whether the task's classes exclude each other; its outputs must be decided (see data::decided).
bool isExclusive(const plan::Plan& plan, int task);
/// Called between the forward passes of long work, which may last minutes a case: it may block, and cancel the work.
using Tick = std::function<void()>;

/// A task's network as it is deployed, fused, until this goes: a fused layer is one convolution, whatever the rank. The
/// weights come back to the bit.
class Deployed {
 public:
  Deployed(nn::Network& network, int task) : m_network(network) { m_network->fuse(task); }
  ~Deployed() { m_network->unfuse(); }
  Deployed(const Deployed&) = delete;
  Deployed& operator=(const Deployed&) = delete;

 private:
  nn::Network& m_network;
};

/// Gives `use` the probabilities of a task on a prepared image (channels, D, H, W), part by part, each with a `margin`
/// (D, H, W) around it. Errors: those of slidingWindow().
Result<void> eachPart(nn::Network& network, int task, const torch::Tensor& image, const plan::Plan& plan,
                      torch::Device device, const std::array<std::int64_t, 3>& margin,
                      const std::function<Result<void>(const eval::WindowPart&)>& use, const CancelToken& cancel,
                      const Tick& tick = {});

/// The probabilities (N, classes) in double of a task that classifies, for images as the network takes them: by
/// softmax, or by sigmoids where its classes overlap.
torch::Tensor classProbabilities(nn::Network& network, int task, const torch::Tensor& images,
                                 plan::TaskOutputs outputs);

/// Mean figures of one task over a split of prepared examples: {"dice": v} (mean over classes of the mean over cases
/// where the class is present), with {"specificity": v} where classes are absent in some and {"nsd": v} where asked; or
/// of pictures those of eval::classificationMetrics() that have a value, but for calibration_error and
/// average_precision, which only tests tell.
struct Score {
  std::vector<std::pair<std::string, double>> metrics;  ///< empty of no picture
  /// "dice/<class>", and "specificity/<class>" and "false_positive_ml/<class>" where it is absent in a case; or
  /// "accuracy/<class>": the share of the class's pictures that were recognised; not-a-number for a
  /// class that no example has.
  std::vector<std::pair<std::string, double>> classes;
  std::int64_t cases = 0;
  eval::Answers answers;  ///< to pictures, without the method's name
  /// Of metrics; not-a-number if it is not there.
  double value(const std::string& metric) const;
};
/// `surfaces`: with NSD at the working spacing, which takes two distance transforms a class and case.
Result<Score> score(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                    const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick = {},
                    bool surfaces = false);

/// A mean of what has been added so far.
struct RunningMean {
  double sum = 0;
  std::int64_t count = 0;
  void add(double value) { sum += value, ++count; }
  double mean() const;  ///< NaN of none
};
/// Of the classes that have a mean; NaN if none has.
double meanOf(const std::vector<RunningMean>& classes);

/// Voxels of a class in a case: those found, those truly there, and those of both.
struct MaskCounts {
  std::int64_t found = 0, there = 0, both = 0;
};

/// Running means per class, of cases whose labels speak of it.
class MaskScores {
 public:
  explicit MaskScores(std::size_t classes) : m_dice(classes), m_specificity(classes), m_falsePositive(classes) {}
  /// Of a case: masks (boolean or 0/1) of class `c`, of voxels that are known and held out, each of `volume` ml. Where
  /// the truth is empty Dice has no value: what counts is whether nothing was found, and how much was.
  /// Returns "dice" or "specificity", and the case's value.
  std::pair<const char*, double> add(std::size_t c, const torch::Tensor& prediction, const torch::Tensor& truth,
                                     double volume);
  std::pair<const char*, double> add(std::size_t c, const MaskCounts& voxels, double volume);
  double dice(std::size_t c) const { return m_dice[c].mean(); }  ///< NaN if the class never occurred
  double meanDice() const;                                       ///< over classes that occurred
  std::int64_t present(std::size_t c) const { return m_dice[c].count; }
  double specificity(std::size_t c) const { return m_specificity[c].mean(); }  ///< NaN if it never was absent
  double meanSpecificity() const;
  double falsePositive(std::size_t c) const { return m_falsePositive[c].mean(); }  ///< ml
  std::int64_t absent(std::size_t c) const { return m_specificity[c].count; }

 private:
  std::vector<RunningMean> m_dice, m_specificity, m_falsePositive;
};

/// Running means per class of how surfaces and volumes differ, of cases where the class is present.
struct SurfaceMeans {
  explicit SurfaceMeans(std::size_t classes)
      : nsd(classes), hd95(classes), volumeDifference(classes), missed(classes) {}
  void add(std::size_t c, const eval::SurfaceScores& scores);
  std::vector<RunningMean> nsd;               ///< 0 of a case where nothing was found
  std::vector<RunningMean> hd95;              ///< mm; without the cases where nothing was found
  std::vector<RunningMean> volumeDifference;  ///< ml, prediction minus truth
  std::vector<std::int64_t> missed;           ///< cases where nothing was found: those that hd95 leaves out
};

/// Running means per class of which lesions were found, of the classes that the plan calls lesions.
struct LesionMeans {
  explicit LesionMeans(std::size_t classes)
      : sensitivity(classes), f1(classes), falsePositives(classes), lesions(classes) {}
  void add(std::size_t c, const eval::LesionScores& scores);
  std::vector<RunningMean> sensitivity;     ///< of cases with lesions
  std::vector<RunningMean> f1;              ///< of cases with lesions or false ones
  std::vector<RunningMean> falsePositives;  ///< a case
  std::vector<std::int64_t> lesions;        ///< in all cases together
};
/// The rule of a plan, for voxels of so many ml.
eval::LesionRule lesionRule(const plan::Evaluation& options, double voxelVolume);

}  // namespace lorkd::workflow
