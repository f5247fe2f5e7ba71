#include "core/eval/Answers.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/Truth.h"
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
  return a.id == b.id && a.patient == b.patient && a.truth == b.truth && a.probabilities == b.probabilities &&
         a.truths == b.truths;
}

double rightness(const Answers& answers, const Picture& picture) {
  if (!answers.overlapping) return answerOf(picture) == static_cast<std::size_t>(picture.truth);
  double right = 0, known = 0;
  for (std::size_t c = 0; c < picture.truths.size(); ++c)
    if (picture.truths[c] != notKnown) {
      known += 1;
      right += (picture.probabilities[c] > answers.threshold) == (picture.truths[c] == 1);
    }
  return right / known;  // 0/0 is not a number
}

std::string absentClasses(const Answers& answers) {
  const auto is = [&](const Picture& picture, std::size_t c) {
    return answers.overlapping ? picture.truths.at(c) == 1 : picture.truth == static_cast<int>(c);
  };
  std::string out;
  for (std::size_t c = 0; c < answers.classes.size(); ++c)
    if (std::ranges::none_of(answers.pictures, [&](const auto& p) { return is(p, c); }))
      out += (out.empty() ? "" : ", ") + answers.classes[c];
  return out;
}

bool tellsApart(const Answers& answers) {
  const auto& pictures = answers.pictures;
  if (!answers.overlapping)
    return std::ranges::any_of(pictures, [&](const auto& p) { return p.truth != pictures.front().truth; });
  for (std::size_t c = 0; c < answers.classes.size(); ++c) {
    const auto some = [&](int truth) {
      return std::ranges::any_of(pictures, [&](const auto& p) { return p.truths.at(c) == truth; });
    };
    if (some(0) && some(1)) return true;
  }
  return false;
}

const std::vector<std::string>& classificationMetrics() {
  static const std::vector<std::string> names{"accuracy", "balanced_accuracy", "auc", "average_precision",
                                              "f1",       "calibration_error"};
  return names;
}

AnswerScores::AnswerScores(const Answers& answers)
    : m_classes(answers.classes),
      m_pictures(answers.pictures.size()),
      m_overlapping(answers.overlapping),
      m_count(m_classes.size(), 0),
      m_absent(m_classes.size(), 0),
      m_truth(m_classes.size()),
      m_answer(m_classes.size()),
      m_probability(m_classes.size()) {
  const auto classes = m_classes.size();
  for (const auto& picture : answers.pictures) {
    const auto& [id, patient, truth, probabilities, truths] = picture;
    const bool fits =
        m_overlapping ? truths.size() == classes : truth >= 0 && static_cast<std::size_t>(truth) < classes;
    TORCH_CHECK(fits && probabilities.size() == classes, "the answer to ", id, " does not fit the classes");
    const auto answer = answerOf(picture);
    for (std::size_t c = 0; c < classes; ++c) {
      const auto is = m_overlapping ? truths[c] : static_cast<std::uint8_t>(static_cast<int>(c) == truth);
      m_finite = m_finite && std::isfinite(probabilities[c]);
      m_truth[c].push_back(is);
      m_answer[c].push_back(m_overlapping ? probabilities[c] > answers.threshold : c == answer);
      m_probability[c].push_back(probabilities[c]);
      m_count[c] += is == 1;
      m_absent[c] += is == 0;
    }
  }
  if (!m_finite) return;
  std::vector<std::uint32_t> order(m_pictures);
  for (std::size_t c = 0; c < classes; ++c) {
    std::iota(order.begin(), order.end(), 0U);
    const auto score = [&](std::uint32_t picture) { return m_probability[c][picture]; };
    std::ranges::sort(order, {}, score);
    auto& own = m_order.emplace_back();
    own.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      own.emplace_back(order[i], i > 0 && score(order[i]) > score(order[i - 1]));
  }
}

std::int64_t AnswerScores::confused(std::size_t truth, std::size_t answer) const {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < m_pictures; ++i) count += m_truth[truth][i] == 1 && m_answer[answer][i] == 1;
  return count;
}

double AnswerScores::accuracy(const Times& times) const {
  double right = 0, all = 0;
  for (std::size_t i = 0; i < m_pictures; ++i) {
    double own = 0, known = 0;
    for (std::size_t c = 0; c < m_classes.size(); ++c) {
      // Of exclusive classes the true one alone is asked for.
      if (m_overlapping ? m_truth[c][i] == notKnown : m_truth[c][i] != 1) continue;
      known += 1;
      own += m_truth[c][i] == m_answer[c][i];
    }
    if (known == 0) continue;
    all += countsOf(times, i);
    right += countsOf(times, i) * own / known;
  }
  return right / all;
}

double AnswerScores::rightOf(std::size_t cls, const Times& times) const {
  double right = 0, all = 0;
  for (std::size_t i = 0; i < m_pictures; ++i) {
    if (m_truth[cls][i] == notKnown) continue;
    all += countsOf(times, i);
    if (m_truth[cls][i] == m_answer[cls][i]) right += countsOf(times, i);
  }
  return right / all;
}

double AnswerScores::recall(std::size_t cls, std::uint8_t truth, const Times& times) const {
  double right = 0, all = 0;
  for (std::size_t i = 0; i < m_pictures; ++i) {
    if (m_truth[cls][i] != truth) continue;
    all += countsOf(times, i);
    if (m_answer[cls][i] == truth) right += countsOf(times, i);
  }
  return right / all;  // 0/0 is not a number
}

double AnswerScores::f1(std::size_t cls, const Times& times) const {
  double both = 0, there = 0, found = 0;
  for (std::size_t i = 0; i < m_pictures; ++i) {
    if (m_truth[cls][i] == notKnown) continue;
    const double n = countsOf(times, i);
    const bool is = m_truth[cls][i] == 1, said = m_answer[cls][i] == 1;
    if (is) there += n;
    if (said) found += n;
    if (is && said) both += n;
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
    const auto is = m_truth[cls][picture];
    const double n = is == notKnown ? 0 : countsOf(times, picture);
    if (is == 1)
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
    const auto is = m_truth[cls][picture];
    const double n = is == notKnown ? 0 : countsOf(times, picture);
    all += n;
    if (is == 1) right += n, stepRight += n;
    if (!larger && std::next(at) != order.rend()) continue;
    if (stepRight > 0) sum += stepRight * right / all;
    stepRight = 0;
  }
  return right > 0 ? sum / right : noValue;
}

namespace {

/// Answers in bins of their probability: how far what is said is from what is true.
class Calibration {
 public:
  void add(double probability, bool right, double times) {
    const auto place = static_cast<int>(std::ceil(probability * kCalibrationBins)) - 1;
    auto& bin = m_bins[static_cast<std::size_t>(std::clamp(place, 0, kCalibrationBins - 1))];
    m_all += times;
    bin.confidence += times * probability;
    if (right) bin.right += times;
  }
  double error() const {
    double distance = 0;
    for (const auto& bin : m_bins) distance += std::abs(bin.right - bin.confidence);
    return distance / m_all;
  }

 private:
  struct Bin {
    double right = 0, confidence = 0;
  };
  std::array<Bin, kCalibrationBins> m_bins{};
  double m_all = 0;
};

}  // namespace

double AnswerScores::calibrationError(const Times& times) const {
  Calibration bins;
  for (std::size_t i = 0; i < m_pictures; ++i)
    for (std::size_t c = 0; c < m_classes.size(); ++c)
      if (m_answer[c][i] == 1) bins.add(m_probability[c][i], m_truth[c][i] == 1, countsOf(times, i));
  return bins.error();
}

double AnswerScores::calibrationOf(std::size_t cls, const Times& times) const {
  Calibration bins;
  for (std::size_t i = 0; i < m_pictures; ++i)
    if (m_truth[cls][i] != notKnown) bins.add(m_probability[cls][i], m_truth[cls][i] == 1, countsOf(times, i));
  return bins.error();
}

double AnswerScores::ofClass(const std::string& base, std::size_t cls, const Times& times) const {
  if (m_overlapping && base == "accuracy") return rightOf(cls, times);
  if (m_overlapping && base == "balanced_accuracy") return (recall(cls, 1, times) + recall(cls, 0, times)) / 2;
  if (base == "accuracy" || base == "balanced_accuracy") return recall(cls, 1, times);
  if (base == "f1") return f1(cls, times);
  if (!m_finite) return noValue;
  if (base == "auc") return auc(cls, times);
  if (base == "average_precision") return averagePrecision(cls, times);
  return base == "calibration_error" && m_overlapping ? calibrationOf(cls, times) : noValue;
}

bool AnswerScores::counts(const std::string& base, std::size_t cls) const {
  if (!m_overlapping) return m_count[cls] > 0;
  if (base == "calibration_error") return m_count[cls] + m_absent[cls] > 0;
  const bool both = base == "auc" || base == "balanced_accuracy";
  return m_count[cls] > 0 && (!both || m_absent[cls] > 0);
}

double AnswerScores::value(const std::string& metric, const Times& times) const {
  const auto base = baseOf(metric);
  if (base != metric) {
    const auto cls = std::ranges::find(m_classes, metric.substr(base.size() + 1));
    return cls == m_classes.end() ? noValue : ofClass(base, static_cast<std::size_t>(cls - m_classes.begin()), times);
  }
  if (m_pictures == 0) return noValue;
  if (metric == "accuracy") return accuracy(times);
  if (metric == "calibration_error" && !m_overlapping) return m_finite ? calibrationError(times) : noValue;
  double sum = 0;
  int classes = 0;
  for (std::size_t c = 0; c < m_classes.size(); ++c)
    if (counts(base, c)) sum += ofClass(base, c, times), ++classes;
  return sum / classes;
}

}  // namespace lorkd::eval
