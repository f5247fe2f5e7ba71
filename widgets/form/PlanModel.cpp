#include "widgets/form/PlanModel.h"

#include <algorithm>

#include "widgets/field/Number.h"

namespace lorkd::form {
namespace {

bool atOrBelow(const QString& path, const QString& above) {
  return above.isEmpty() || path == above || path.startsWith(above + QLatin1Char('.'));
}

/// The part of a value that the next step of a path names; null if there is none.
template <class Value>
Value* part(Value* value, const QString& key) {
  if (value->is_object()) {
    const auto found = value->find(key.toStdString());
    return found == value->end() ? nullptr : &*found;
  }
  const auto index = key.toULongLong();
  return value->is_array() && index < value->size() ? &(*value)[static_cast<std::size_t>(index)] : nullptr;
}

/// A value as the fields of the window show it: no quotes, no brackets.
QString spoken(const std::string& raw) {
  const auto value = Json::parse(raw, nullptr, false);
  if (value.is_string()) return QStringLiteral("“%1”").arg(QString::fromStdString(value.get<std::string>()));
  if (value.is_number()) return field::numberText(value.get<double>());
  const bool numbers = value.is_array() && !value.empty() &&
                       std::ranges::all_of(value, [](const Json& each) { return each.is_number(); });
  return numbers ? field::numbersText(value.get<std::vector<double>>()) : QString::fromStdString(raw);
}

QString wordsFor(const plan::Fault& fault) {
  const auto allowed = QString::fromStdString(fault.allowed);
  auto words = fault.value == "missing" || fault.value == "\"\""
                   ? PlanModel::tr("Missing. Needed: %1").arg(allowed)
                   : PlanModel::tr("%1 is not allowed. Allowed: %2").arg(spoken(fault.value), allowed);
  // What the field means stands in its help.
  const auto field = plan::fieldSchema(fault.field);
  if (!fault.hint.empty() && (!field || field->value("description", std::string()) != fault.hint))
    words += QStringLiteral(" (%1)").arg(QString::fromStdString(fault.hint));
  return words + QLatin1Char('.');
}

}  // namespace

bool PlanFault::concerns(const QString& other) const { return atOrBelow(path, other) || atOrBelow(other, path); }

PlanModel::PlanModel(QObject* parent) : QObject(parent), m_json(plan::toJson({})) {}

void PlanModel::tell(const QString& path) {
  m_faults.reset();
  Q_EMIT changed(path);
  Q_EMIT faultsChanged();
}

bool PlanModel::forget(const QString& path) {
  return m_refused.removeIf([&](const auto& entry) { return atOrBelow(entry.key(), path); }) > 0;
}

void PlanModel::setJson(Json json) {
  m_json = std::move(json);
  m_refused.clear();
  tell({});
}

void PlanModel::setNetworks(std::vector<NetworkInfo> networks) {
  m_networks = std::move(networks);
  Q_EMIT networksChanged();
}

Json PlanModel::value(const QString& path) const {
  const Json* at = &m_json;
  for (const auto& key : path.split('.'))
    if (!(at = part(at, key))) return {};
  return *at;
}

Json& PlanModel::at(const QString& path) {
  Json* at = &m_json;
  for (const auto& key : path.split('.')) {
    auto* below = part(at, key);
    at = below ? below : &(*at)[key.toStdString()];
  }
  return *at;
}

void PlanModel::setValue(const QString& path, const Json& value) {
  auto& place = at(path);
  const bool forgotten = forget(path);
  if (place == value && !forgotten) return;
  place = value;
  tell(path);
}

void PlanModel::refuse(const QString& path, const QString& text, const QString& why, const Json& value) {
  at(path) = value;
  m_refused[path] = {text, why};
  tell(path);
}

std::optional<QString> PlanModel::refused(const QString& path) const {
  const auto found = m_refused.find(path);
  return found == m_refused.end() ? std::nullopt : std::optional(found->text);
}

void PlanModel::forgive(const QString& path) {
  if (forget(path)) tell(path);
}

const std::vector<PlanFault>& PlanModel::faults() const {
  if (m_faults) return *m_faults;
  m_faults.emplace();
  for (auto it = m_refused.begin(); it != m_refused.end(); ++it) m_faults->push_back({it.key(), it->why});
  for (const auto& fault : plan::validate(m_json))
    m_faults->push_back({QString::fromStdString(fault.field), wordsFor(fault)});
  return *m_faults;
}

QString PlanModel::faultOf(const QString& path) const {
  const auto found = std::ranges::find_if(faults(), [&](const auto& fault) { return fault.concerns(path); });
  if (found == faults().end()) return {};
  // Of several boxes side by side: which one.
  bool element = false;
  const auto number =
      found->path.startsWith(path + QLatin1Char('.')) ? found->path.mid(path.size() + 1).toInt(&element) : 0;
  return element && value(path).is_array() ? tr("Value %1: %2").arg(number + 1).arg(found->words) : found->words;
}

}  // namespace lorkd::form
