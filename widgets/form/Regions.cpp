#include "widgets/form/Regions.h"

#include <QFile>
#include <algorithm>
#include <set>

#include "core/base/Json.h"

static void loadResources() { Q_INIT_RESOURCE(form); }

namespace lorkd::form {

const std::vector<Region>& regions() {
  static const auto table = [] {
    loadResources();
    QFile file(QStringLiteral(":/lorkd/regions.json"));
    (void)file.open(QIODevice::ReadOnly);
    std::vector<Region> out;
    // The file is part of the program.
    const auto document = Json::parse(file.readAll().toStdString());
    for (const auto& entry : document.at("regions")) {
      auto& region = out.emplace_back();
      region.name = entry.at("name").get<std::string>();
      for (const auto& part : entry.at("body_parts"))
        region.bodyParts << QString::fromStdString(part.get<std::string>()).toLower();
      for (const auto& pattern : entry.at("labels"))
        region.labels.emplace_back(
            QStringLiteral("\\b(?:%1)\\b").arg(QString::fromStdString(pattern.get<std::string>())));
    }
    return out;
  }();
  return table;
}

QString wordsOf(const QString& label) {
  static const QRegularExpression hump(QStringLiteral("(\\p{Ll})(\\p{Lu})")),
      rest(QStringLiteral("[^\\p{L}\\p{M}\\p{N}]+"));
  auto words = label;
  return words.replace(hump, QStringLiteral("\\1 \\2")).toLower().replace(rest, QStringLiteral(" ")).trimmed();
}

const Region* regionOf(const QString& label, const QStringList& bodyParts) {
  const auto words = wordsOf(label);
  for (const auto& region : regions())
    if (std::ranges::any_of(region.labels, [&](const auto& pattern) { return pattern.match(words).hasMatch(); }))
      return &region;
  std::set<const Region*> found;
  for (const auto& part : bodyParts)
    for (const auto& region : regions())
      if (region.bodyParts.contains(part.toLower())) found.insert(&region);
  return found.size() == 1 ? *found.begin() : nullptr;
}

}  // namespace lorkd::form
