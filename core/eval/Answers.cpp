#include "core/eval/Answers.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/eval/Table.h"

namespace lorkd::eval {
namespace {

constexpr double noValue = std::numeric_limits<double>::quiet_NaN();

double countsOf(const std::vector<int>& times, std::size_t picture) { return times.empty() ? 1.0 : times[picture]; }

std::size_t answerOf(const Picture& picture) {
  std::size_t answer = 0;
  const auto& p = picture.probabilities;
  for (std::size_t c = 0; c < p.size(); ++c)
    if (p[c] > p[answer] || std::isnan(p[answer])) answer = c;
  return answer;
}

}  // namespace

bool operator==(const Picture& a, const Picture& b) {
  return a.id == b.id && a.patient == b.patient && a.truth == b.truth && a.probabilities == b.probabilities;
}

bool isRight(const Picture& picture) { return answerOf(picture) == static_cast<std::size_t>(picture.truth); }

std::string absentClasses(const Answers& answers) {
  std::string out;
  for (std::size_t c = 0; c < answers.classes.size(); ++c)
    if (std::ranges::none_of(answers.pictures, [&](const auto& p) { return p.truth == static_cast<int>(c); }))
      out += (out.empty() ? "" : ", ") + answers.classes[c];
  return out;
}

const std::vector<std::string>& classificationMetrics() {
  static const std::vector<std::string> names{"accuracy", "balanced_accuracy", "auc", "average_precision",
                                              "f1",       "calibration_error"};
  return names;
}

AnswerScores::AnswerScores(const Answers& answers) : m_classes(answers.classes), m_count(answers.classes.size(), 0) {
  const auto classes = m_classes.size();
  const auto& pictures = answers.pictures;
  for (const auto& picture : pictures) {
    const auto& [id, patient, truth, probabilities] = picture;
    TORCH_CHECK(truth >= 0 && static_cast<std::size_t>(truth) < classes && probabilities.size() == classes,
                "the answer to ", id, " does not fit the classes");
    for (const double p : probabilities) m_finite = m_finite && std::isfinite(p);
    m_truth.push_back(static_cast<std::size_t>(truth));
    m_answer.push_back(answerOf(picture));
    m_confidence.push_back(probabilities[m_answer.back()]);
    ++m_count[m_truth.back()];
  }
  if (!m_finite) return;
  std::vector<std::uint32_t> order(pictures.size());
  for (std::size_t c = 0; c < classes; ++c) {
    std::iota(order.begin(), order.end(), 0U);
    const auto score = [&](std::uint32_t picture) { return pictures[picture].probabilities[c]; };
    std::ranges::sort(order, {}, score);
    auto& own = m_order.emplace_back();
    own.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      own.emplace_back(order[i], i > 0 && score(order[i]) > score(order[i - 1]));
  }
}

std::int64_t AnswerScores::confused(std::size_t truth, std::size_t answer) const {
  return static_cast<std::int64_t>(countOf(truth, answer, {}));
}

double AnswerScores::countOf(std::size_t truth, std::size_t answer, const Times& times) const {
  double count = 0;
  for (std::size_t i = 0; i < m_truth.size(); ++i)
    if (m_truth[i] == truth && m_answer[i] == answer) count += countsOf(times, i);
  return count;
}

double AnswerScores::accuracy(const Times& times) const {
  double right = 0, all = 0;
  for (std::size_t i = 0; i < m_truth.size(); ++i) {
    all += countsOf(times, i);
    if (m_truth[i] == m_answer[i]) right += countsOf(times, i);
  }
  return right / all;
}

double AnswerScores::recall(std::size_t cls, const Times& times) const {
  double right = 0, all = 0;
  for (std::size_t i = 0; i < m_truth.size(); ++i) {
    if (m_truth[i] != cls) continue;
    all += countsOf(times, i);
    if (m_answer[i] == cls) right += countsOf(times, i);
  }
  return right / all;  // 0/0 is not a number
}

double AnswerScores::f1(std::size_t cls, const Times& times) const {
  double both = 0, there = 0, found = 0;
  for (std::size_t i = 0; i < m_truth.size(); ++i) {
    const double n = countsOf(times, i);
    if (m_truth[i] == cls) there += n;
    if (m_answer[i] == cls) found += n;
    if (m_truth[i] == cls && m_answer[i] == cls) both += n;
  }
  return there > 0 ? 2 * both / (there + found) : noValue;
}

double AnswerScores::auc(std::size_t cls, const Times& times) const {
  // Mann and Whitney: pairs in order. Of equal probabilities half of the pairs.
  double pairs = 0, below = 0, positives = 0, negatives = 0, tiedPositives = 0, tiedNegatives = 0;
  const auto close = [&] {
    pairs += tiedPositives * (below + tiedNegatives / 2);
    below += tiedNegatives;
    tiedPositives = tiedNegatives = 0;
  };
  for (const auto& [picture, larger] : m_order[cls]) {
    if (larger) close();
    const double n = countsOf(times, picture);
    if (m_truth[picture] == cls)
      tiedPositives += n, positives += n;
    else
      tiedNegatives += n, negatives += n;
  }
  close();
  return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : noValue;
}

double AnswerScores::averagePrecision(std::size_t cls, const Times& times) const {
  // From the largest probability down; equal ones are one step.
  double all = 0, right = 0, stepRight = 0, sum = 0;
  const auto& order = m_order[cls];
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const auto& [picture, larger] = *at;
    const double n = countsOf(times, picture);
    all += n;
    if (m_truth[picture] == cls) right += n, stepRight += n;
    if (!larger && std::next(at) != order.rend()) continue;
    if (stepRight > 0) sum += stepRight * right / all;
    stepRight = 0;
  }
  return right > 0 ? sum / right : noValue;
}

double AnswerScores::calibrationError(const Times& times) const {
  struct Bin {
    double right = 0, confidence = 0;
  };
  std::array<Bin, kCalibrationBins> bins{};
  double all = 0;
  for (std::size_t i = 0; i < m_truth.size(); ++i) {
    const auto place = static_cast<int>(std::ceil(m_confidence[i] * kCalibrationBins)) - 1;
    auto& bin = bins[static_cast<std::size_t>(std::clamp(place, 0, kCalibrationBins - 1))];
    const double n = countsOf(times, i);
    all += n;
    bin.confidence += n * m_confidence[i];
    if (m_truth[i] == m_answer[i]) bin.right += n;
  }
  double distance = 0;
  for (const auto& bin : bins) distance += std::abs(bin.right - bin.confidence);
  return distance / all;
}

double AnswerScores::ofClass(const std::string& base, std::size_t cls, const Times& times) const {
  if (base == "accuracy" || base == "balanced_accuracy") return recall(cls, times);
  if (base == "f1") return f1(cls, times);
  if (!m_finite) return noValue;
  return base == "auc" ? auc(cls, times) : base == "average_precision" ? averagePrecision(cls, times) : noValue;
}

double AnswerScores::value(const std::string& metric, const Times& times) const {
  const auto base = baseOf(metric);
  if (base != metric) {
    const auto cls = std::ranges::find(m_classes, metric.substr(base.size() + 1));
    return cls == m_classes.end() ? noValue : ofClass(base, static_cast<std::size_t>(cls - m_classes.begin()), times);
  }
  if (m_truth.empty()) return noValue;
  if (metric == "accuracy") return accuracy(times);
  if (metric == "calibration_error") return m_finite ? calibrationError(times) : noValue;
  double sum = 0;
  int classes = 0;
  for (std::size_t c = 0; c < m_classes.size(); ++c)
    if (m_count[c] > 0) sum += ofClass(base, c, times), ++classes;
  return sum / classes;
}

}  // namespace lorkd::eval
