// The plan being edited: JSON behind, signals in front. Every form edits one of these.
#pragma once

#include <QMap>
#include <QObject>
#include <QStringList>
#include <optional>
#include <vector>

#include "core/run/Plan.h"

namespace lorkd::form {

/// A network that a plan can name.
struct NetworkInfo {
  QString name;   ///< plan value
  QString title;  ///< for people
  QStringList presets;
};

/// What keeps the plan from being used.
struct PlanFault {
  QString path;   ///< of the field, dotted
  QString words;  ///< for people: what is wrong and what to write, without the field's name
  /// Whether it concerns the field at `path`: it is that field's, one's below it, or a rule between fields there.
  bool concerns(const QString& path) const;
};

class PlanModel : public QObject {
  Q_OBJECT
 public:
  explicit PlanModel(QObject* parent = nullptr);

  /// The complete JSON, defaults written out.
  const Json& json() const { return m_json; }
  void setJson(Json json);
  /// The value at a dotted path, elements of lists by number; null if absent. Names in tasks, classes and sources may
  /// hold no dots.
  Json value(const QString& path) const;
  /// Sets it and says so, unless it is the same. Texts refused there are forgotten.
  void setValue(const QString& path, const Json& value);

  /// A field shows a text that the plan cannot take: the plan has the `value` of before, and counts as faulty.
  void refuse(const QString& path, const QString& text, const QString& why, const Json& value);
  /// The text refused at the path, for the field to show; none if the plan's value stands there.
  std::optional<QString> refused(const QString& path) const;
  /// Forgets what was refused at and below the path, whose field is no longer asked for.
  void forgive(const QString& path);

  /// The networks that the engine knows; none until it was asked.
  const std::vector<NetworkInfo>& networks() const { return m_networks; }
  void setNetworks(std::vector<NetworkInfo> networks);

  /// What is wrong with it, refused texts first.
  const std::vector<PlanFault>& faults() const;
  /// The words of the first fault that concerns the field; empty if there is none.
  QString faultOf(const QString& path) const;
  /// The typed plan; an Error that lists the faults.
  Result<plan::Plan> plan() const { return plan::fromJson(m_json); }

 Q_SIGNALS:
  /// The value at or below `path` changed; an empty path: everything.
  void changed(const QString& path);
  /// faults() may be others.
  void faultsChanged();
  void networksChanged();

 private:
  struct Refusal {
    QString text, why;
  };
  bool forget(const QString& path);
  Json& at(const QString& path);
  void tell(const QString& path);
  Json m_json;
  QMap<QString, Refusal> m_refused;
  mutable std::optional<std::vector<PlanFault>> m_faults;  ///< looked for when asked for
  std::vector<NetworkInfo> m_networks;
};

}  // namespace lorkd::form
