#include "widgets/form/DataLabels.h"

#include <QCollator>
#include <QCoreApplication>
#include <algorithm>
#include <set>

namespace lorkd::form {
namespace {

bool same(const plan::Code& a, const plan::Code& b) { return a.scheme == b.scheme && a.value == b.value; }
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}

/// Takes what one more image says. To say nothing is no contradiction.
template <class T>
void join(T& known, const T& said, const QString& what, QStringList& various) {
  if (said == T() || various.contains(what)) return;
  if (known == T()) {
    known = said;
  } else if (!same(known, said)) {
    known = T();
    various << what;
  }
}

void join(LabelInfo& info, const image::Label& said) {
  const auto tr = [](const char* text) { return QCoreApplication::translate("lorkd::form", text); };
  join(info.label.number, said.number, tr("number"), info.various);
  join(info.label.color, said.color, tr("colour"), info.various);
  join(info.label.code, said.code, tr("code"), info.various);
  join(info.label.category, said.category, tr("category"), info.various);
  join(info.label.modifier, said.modifier, tr("modifier"), info.various);
}

bool lists(const std::vector<std::string>& list, const QString& text) {
  return list.empty() || std::ranges::any_of(list, [name = text.toStdString()](const auto& one) {
           return image::sameLabel(one, name);
         });
}

}  // namespace

DataLabels::DataLabels(std::vector<ImageInfo> images) : m_images(std::move(images)) {
  std::map<std::string, LabelInfo> byName;
  for (std::size_t n = 0; n < m_images.size(); ++n)
    for (const auto& label : m_images[n].labels) {
      auto& info = byName[image::folded(label.name)];
      if (info.images.empty()) info.label.name = label.name;
      if (info.images.empty() || info.images.back() != n) info.images.push_back(n);
      if (const auto part = m_images[n].bodyPart.toLower(); !part.isEmpty() && !info.bodyParts.contains(part))
        info.bodyParts << part;
      join(info, label);
    }
  for (auto& [name, info] : byName) m_labels.push_back(std::move(info));
  std::ranges::stable_sort(m_labels, [](const auto& a, const auto& b) { return before(a.name(), b.name()); });
  for (std::size_t n = 0; n < m_labels.size(); ++n) m_places[image::folded(m_labels[n].label.name)] = n;
}

const LabelInfo* DataLabels::find(const std::string& name) const {
  const auto at = m_places.find(image::folded(name));
  return at == m_places.end() ? nullptr : &m_labels[at->second];
}

int DataLabels::images(const Json& task, const std::string& cls) const {
  std::set<std::size_t> found;
  for (const auto& [name, unused] : task.at("classes").items())
    if (cls.empty() || name == cls)
      for (const auto& label : labelNames(task, name))
        if (const auto* info = find(label)) found.insert(info->images.begin(), info->images.end());
  const auto sources = task.value("sources", std::vector<std::string>());
  const auto parts = task.value("body_parts", std::vector<std::string>());
  return static_cast<int>(std::ranges::count_if(
      found, [&](std::size_t n) { return lists(sources, m_images[n].source) && lists(parts, m_images[n].bodyPart); }));
}

bool before(const QString& a, const QString& b) {
  static const QCollator order = [] {
    // The locale C knows no numbers in names.
    QCollator collator(QLocale().language() == QLocale::C ? QLocale(QLocale::English) : QLocale());
    collator.setNumericMode(true);
    collator.setCaseSensitivity(Qt::CaseInsensitive);
    return collator;
  }();
  return order.compare(a, b) < 0;
}

std::vector<std::string> labelNames(const Json& task, const std::string& cls) {
  auto names = task.at("classes").at(cls).value("labels", std::vector<std::string>());
  return names.empty() ? std::vector{cls} : names;
}

QString meaningText(const plan::Code& code, const plan::Code& modifier) {
  if (!image::coded(code)) return {};
  auto text = QString::fromStdString(code.meaning.empty() ? code.value : code.meaning);
  if (image::coded(modifier)) text += ", " + QString::fromStdString(modifier.meaning);
  return text;
}

QString codeText(const plan::Code& code, const plan::Code& modifier) {
  if (!image::coded(code)) return {};
  return QString::fromStdString(code.scheme + " " + code.value + " ") + meaningText(code, modifier);
}

}  // namespace lorkd::form
