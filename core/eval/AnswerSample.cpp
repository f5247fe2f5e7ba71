#include "core/eval/AnswerSample.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "core/eval/StudyTable.h"

namespace lorkd::eval {

bool isOfAnswers(const std::string& metric) {
  const auto base = baseOf(metric);
  const auto& names = classificationMetrics();
  return base != "calibration_error" && metric != "accuracy" && std::ranges::find(names, base) != names.end();
}

AnswerBook::AnswerBook(const std::vector<StudyResult>& results) {
  for (const auto& result : results)
    for (const auto& answers : result.table.answers()) {
      Page page{answers.task, answers.method, AnswerScores(answers), answers.classes, {}};
      for (const auto& picture : answers.pictures) page.patients.push_back(picture.patient);
      m_pages.push_back(std::move(page));
    }
}

AnswerSample::AnswerSample(const AnswerBook& book, const std::string& task, const std::string& metric,
                           const std::string& method, const std::string& reference)
    : m_metric(metric) {
  std::map<std::string, std::map<std::string, int>> seeds;                    // by task and method
  std::map<std::string, std::map<std::string, std::set<std::string>>> known;  // patients, likewise
  for (const auto& page : book.m_pages) {
    if ((task != "mean" && page.task != task) || (page.method != method && page.method != reference)) continue;
    ++seeds[page.task][page.method];
    known[page.task][page.method].insert(page.patients.begin(), page.patients.end());
  }
  const std::size_t methods = reference.empty() ? 1 : 2;
  std::erase_if(seeds, [&](const auto& entry) { return entry.second.size() < methods; });
  std::map<std::string, std::size_t> place;
  std::map<std::string, std::set<std::string>> ofTask;
  for (const auto& [name, own] : seeds) {
    auto both = known.at(name).at(method);
    if (methods == 2) std::erase_if(both, [&](const auto& p) { return !known.at(name).at(reference).contains(p); });
    for (const auto& patient : both) place.emplace(patient, 0);
    ofTask[name] = std::move(both);
  }
  std::size_t next = 0;
  for (auto& [name, index] : place) index = next++;
  m_patients.group.resize(next);
  std::iota(m_patients.group.begin(), m_patients.group.end(), std::size_t(0));
  m_patients.fewest = std::numeric_limits<std::size_t>::max();
  for (const auto& page : book.m_pages) {
    const auto own = seeds.find(page.task);
    if (own == seeds.end() || !own->second.contains(page.method)) continue;
    const double share = 1.0 / static_cast<double>(own->second.at(page.method)) / static_cast<double>(seeds.size());
    Part part{&page, page.method == method ? share : -share, {}};
    for (const auto& patient : page.patients)
      part.places.push_back(ofTask.at(page.task).contains(patient) ? place.at(patient) : next);
    countPatients(part);
    m_parts.push_back(std::move(part));
  }
}

void AnswerSample::countPatients(const Part& part) {
  const auto& page = *part.page;
  std::vector<std::set<std::size_t>> patients(page.classes.size());
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < part.places.size(); ++i)
    if (part.places[i] < m_patients.group.size()) {
      for (std::size_t c = 0; c < patients.size(); ++c)
        if (page.scores.truth(c, i) == 1) patients[c].insert(part.places[i]);
      all.push_back(part.places[i]);
    }
  if (!all.empty()) joinGroups(m_patients.group, all);
  const auto base = baseOf(m_metric);
  for (std::size_t c = 0; c < patients.size(); ++c) {
    if (patients[c].empty() || (base != m_metric && m_metric != base + "/" + page.classes[c])) continue;
    m_patients.fewest = std::min(m_patients.fewest, patients[c].size());
    if (patients[c].size() == 1) m_patients.scarce = page.classes[c];
  }
}

double AnswerSample::mean(const std::vector<int>& times) const {
  double sum = m_parts.empty() ? std::numeric_limits<double>::quiet_NaN() : 0;
  std::vector<int> ofPictures;
  for (const auto& [page, weight, places] : m_parts) {
    ofPictures.clear();
    for (const auto place : places) ofPictures.push_back(place < times.size() ? times[place] : 0);
    sum += weight * page->scores.value(m_metric, ofPictures);
  }
  return sum;
}

Interval AnswerSample::interval(const BootstrapOptions& options) const {
  return intervalOver(
      m_patients, [&](const std::vector<int>& times) { return mean(times); }, options);
}

}  // namespace lorkd::eval
