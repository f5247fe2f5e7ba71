// The plan being edited: JSON behind, signals in front. Every form edits one of these.
#pragma once

#include <QObject>
#include <QStringList>
#include <vector>

#include "core/run/Plan.h"

namespace lorkd::form {

/// A network that a plan can name.
struct NetworkInfo {
  QString name;   ///< plan value
  QString title;  ///< for people
  QStringList presets;
};

class PlanModel : public QObject {
  Q_OBJECT
 public:
  explicit PlanModel(QObject* parent = nullptr);

  /// The complete JSON, defaults written out.
  const Json& json() const { return m_json; }
  void setJson(Json json);
  /// The value at a dotted path; null if absent. Names in tasks, classes and sources may hold no dots.
  Json value(const QString& path) const;
  /// Sets it and says so, unless it is the same.
  void setValue(const QString& path, const Json& value);

  /// The networks that the engine knows; none until it was asked.
  const std::vector<NetworkInfo>& networks() const { return m_networks; }
  void setNetworks(std::vector<NetworkInfo> networks);

  /// What is wrong with it.
  std::vector<plan::Fault> faults() const { return plan::validate(m_json); }
  /// The typed plan; an Error that lists the faults.
  Result<plan::Plan> plan() const { return plan::fromJson(m_json); }

 Q_SIGNALS:
  /// The value at or below `path` changed; an empty path: everything.
  void changed(const QString& path);
  void networksChanged();

 private:
  Json m_json;
  std::vector<NetworkInfo> m_networks;
};

}  // namespace lorkd::form
