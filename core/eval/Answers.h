// What a method answered to the test pictures of a classification task, and the scores of that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lorkd::eval {

struct Picture {
  std::string id;       ///< pseudonym of the picture
  std::string patient;  ///< whose it is; its own id where nobody says
  int truth = 0;        ///< class number; of overlapping classes -1
  std::vector<double> probabilities;
  /// Of overlapping classes, for each: 1 it is there, 0 it is not, or not known (base/Truth.h), and counts nowhere.
  std::vector<std::uint8_t> truths{};
};

struct Answers {
  std::string task, method;
  std::vector<std::string> classes;  ///< in the order of their numbers
  std::vector<Picture> pictures;
  bool overlapping = false;  ///< each class is there or not, by itself
  double threshold = 0.5;    ///< of overlapping classes: the probability above which one is said to be there
  bool operator==(const Answers&) const = default;
};
bool operator==(const Picture& a, const Picture& b);
/// 1 where its most probable class (of equal ones the first) is the true one, else 0; of overlapping classes the share
/// of those known of it that are answered rightly, not-a-number where none is known.
double rightness(const Answers& answers, const Picture& picture);

/// Classes that none of the pictures is of: "a, b".
std::string absentClasses(const Answers& answers);
/// Whether an AUC can be told: some class is there in a picture and not in another.
bool tellsApart(const Answers& answers);

/// The whole scores of a classification, the first in the first place. Averages over classes take each class that
/// occurs among the pictures once ("macro"); the others have no value. So defined by scikit-learn 1.2, but for
/// calibration_error:
/// accuracy           share of pictures whose most probable class (of equal ones the first) is the true one
/// balanced_accuracy  mean over the classes of the share of their pictures that were recognised
/// auc                area under the ROC curve of each class against the rest, ties count half; mean over the classes
/// average_precision  area under the stepwise precision-recall curve, likewise
/// f1                 2 TP / (2 TP + FP + FN) of each class; mean over the classes
/// calibration_error  expected calibration error (Guo and others, arXiv 1706.04599): pictures are put into 15 bins of
///                    equal width by the probability of the answer, (0, 1/15] to (14/15, 1]; mean over the pictures of
///                    the distance between their bin's accuracy and its mean probability
/// Of overlapping classes, where each is a question of its own over the pictures of which it is known:
/// accuracy           mean over the pictures of the share of their known classes that are answered rightly
/// balanced_accuracy  mean of sensitivity and specificity of each class; mean over the classes
/// calibration_error  of each class over its pictures in bins of its probability: the distance between the share in
///                    which it is there and the mean probability; mean over the classes
/// and of means over classes those are left out that have pictures of one kind alone where a score wants both.
const std::vector<std::string>& classificationMetrics();

/// Bins of calibration_error.
inline constexpr int kCalibrationBins = 15;

/// The scores of answers, all of them or a resample.
class AnswerScores {
 public:
  /// Throws c10::Error where a picture's class or probabilities do not fit the classes.
  explicit AnswerScores(const Answers& answers);

  /// A whole score, or of one class "accuracy/<class>" (share of its pictures that were recognised; of overlapping
  /// classes share of right answers), "balanced_accuracy/<class>", "auc/<class>", "average_precision/<class>",
  /// "f1/<class>". `times` says how often each picture counts; empty: once. Not-a-number
  /// where a class that occurs among all pictures has none among these (all but accuracy and calibration_error, which
  /// need no class), where all pictures are of one class (auc), where a probability is not finite (auc,
  /// average_precision, calibration_error), of a class without pictures, of no pictures.
  double value(const std::string& metric, const std::vector<int>& times = {}) const;

  std::size_t pictures() const { return m_pictures; }
  bool overlapping() const { return m_overlapping; }
  /// Of a picture: 1 the class is there, 0 it is not, or not known.
  std::uint8_t truth(std::size_t cls, std::size_t picture) const { return m_truth[cls][picture]; }
  std::int64_t picturesOf(std::size_t cls) const { return m_count[cls]; }
  /// Pictures of class `truth` that were taken for `answer`; of exclusive classes.
  std::int64_t confused(std::size_t truth, std::size_t answer) const;

 private:
  using Times = std::vector<int>;
  double accuracy(const Times& times) const;
  double rightOf(std::size_t cls, const Times& times) const;
  /// Share of the pictures whose truth of the class is this that are answered so.
  double recall(std::size_t cls, std::uint8_t truth, const Times& times) const;
  double f1(std::size_t cls, const Times& times) const;
  double auc(std::size_t cls, const Times& times) const;
  double averagePrecision(std::size_t cls, const Times& times) const;
  double calibrationError(const Times& times) const;
  double calibrationOf(std::size_t cls, const Times& times) const;
  /// Whether the class counts in the mean of a score.
  bool counts(const std::string& base, std::size_t cls) const;
  double ofClass(const std::string& base, std::size_t cls, const Times& times) const;

  std::vector<std::string> m_classes;
  std::size_t m_pictures = 0;
  bool m_overlapping = false;
  std::vector<std::int64_t> m_count, m_absent;      // pictures by class, where it is there, and where it is not
  std::vector<std::vector<std::uint8_t>> m_truth;   // by class and picture
  std::vector<std::vector<std::uint8_t>> m_answer;  // likewise: 1 said to be there
  std::vector<std::vector<double>> m_probability;   // likewise
  /// By class: pictures in order of its probability, and whether each has a larger one than the picture before.
  std::vector<std::vector<std::pair<std::uint32_t, bool>>> m_order;
  bool m_finite = true;
};

}  // namespace lorkd::eval
