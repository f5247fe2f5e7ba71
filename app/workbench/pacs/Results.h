// What a PACS has: studies, and their series with boxes to tick.
#pragma once

#include <QTreeWidget>
#include <map>
#include <vector>

#include "core/base/Json.h"

class QProgressBar;

namespace lorkd::workbench {

/// Rows come from the answers of `lorkd pacs find`. A study's series are asked for when it is opened or ticked.
class PacsResults : public QTreeWidget {
  Q_OBJECT
 public:
  enum Column { Name, Date, Modality, Description, Images, State };
  /// A series that is ticked.
  struct Choice {
    QString study, series;
    qint64 images = -1;
  };

  explicit PacsResults(QWidget* parent = nullptr);
  /// `list` as in {"studies": [...]}; forgets what was there.
  void showStudies(const Json& list);
  /// `list` as in {"series": [...]}; ticked if the study is.
  void showSeries(const QString& study, const Json& list);
  /// The series could not be asked for; opening the study asks again.
  void seriesFailed(const QString& study);
  std::vector<Choice> chosen() const;
  /// How far a series is: a bar, or words with a reason as tool tip.
  void setProgress(const QString& series, qint64 done, qint64 total);
  void setState(const QString& series, const QString& words, const QString& reason = {});

 Q_SIGNALS:
  /// showSeries() or seriesFailed() is waited for.
  void seriesWanted(const QString& study);
  void choiceChanged();

 private:
  void ask(QTreeWidgetItem* item);
  QTreeWidgetItem* find(const QString& uid) const;
  std::map<QString, QTreeWidgetItem*> m_items;  ///< by UID of study or series
};

}  // namespace lorkd::workbench
