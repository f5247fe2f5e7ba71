#include "widgets/form/PlanModel.h"

namespace lorkd::form {

PlanModel::PlanModel(QObject* parent) : QObject(parent), m_json(plan::toJson({})) {}

void PlanModel::setJson(Json json) {
  m_json = std::move(json);
  Q_EMIT changed({});
}

void PlanModel::setNetworks(std::vector<NetworkInfo> networks) {
  m_networks = std::move(networks);
  Q_EMIT networksChanged();
}

Json PlanModel::value(const QString& path) const {
  const Json* at = &m_json;
  for (const auto& key : path.split('.')) {
    const auto it = at->is_object() ? at->find(key.toStdString()) : at->end();
    if (!at->is_object() || it == at->end()) return {};
    at = &*it;
  }
  return *at;
}

void PlanModel::setValue(const QString& path, const Json& value) {
  Json* at = &m_json;
  for (const auto& key : path.split('.')) at = &(*at)[key.toStdString()];
  if (*at == value) return;
  *at = value;
  Q_EMIT changed(path);
}

}  // namespace lorkd::form
