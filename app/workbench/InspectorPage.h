// The cases of a run at the left, the inspector at the right.
#pragma once

#include <QPointer>
#include <QThreadPool>
#include <QWidget>
#include <map>
#include <optional>

#include "app/workbench/CaseLoader.h"
#include "widgets/run/JobQueue.h"
#include "widgets/view/Inspector.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTreeWidget;

namespace lorkd::workbench {

/// The arguments of `lorkd predict` for a run: the named case or, if `caseId` is empty, every test case; with the
/// teacher where there is a trained one.
QStringList predictArguments(const run::RunDirectory& run, const QString& caseId = {});

class InspectorPage : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPage(watch::JobQueue* jobs, QWidget* parent = nullptr);
  ~InspectorPage() override;
  /// Lists the cases of the run; an empty path lists none.
  void setRun(const QString& path);
  const std::optional<run::RunDirectory>& run() const { return m_run; }
  /// Reads and shows the case in this row.
  void showCase(int row);
  /// Starts a job that predicts the chosen case with every expert and the teacher.
  void predict();
  /// The run has a checkpoint and can be written, and predictions are made of what its experts do.
  bool canPredict() const;
  /// Why no predictions can be written into the run; empty: they can.
  void setUnwritable(const QString& why);
  /// Looks again at what was predicted and what can be.
  void refreshButtons();
  /// The same, and reads the open case again: its predictions are new.
  void reload();
  view::Inspector* inspector() const { return m_inspector; }
  QTreeWidget* cases() const { return m_list; }
  /// Names of the case's channels; hidden where it has one.
  QComboBox* channels() const { return m_channels; }

 private:
  void step(int by);
  void take(const QString& caseId, Result<LoadedCase> loaded);
  /// Lists the channels of the case that is shown.
  void listChannels(const data::Case& item);
  void showChannel(int channel);
  void clearPicture(const QString& title, const QString& hint);
  /// Whether a prediction of this case was asked for and is not made yet.
  bool predicting(const QString& caseId) const;

  watch::JobQueue* m_jobs;
  std::optional<run::RunDirectory> m_run;
  data::CaseList m_cases;
  QTreeWidget* m_list;
  QLabel *m_note, *m_title;
  QComboBox* m_channels;
  QWidget* m_channelRow;
  QPushButton* m_predict;
  std::map<QString, QPointer<watch::Job>> m_predictions;  ///< by RUN/case
  view::Inspector* m_inspector;
  QString m_shown, m_unwritable;
  std::vector<view::Overlay> m_overlays;  ///< of the case that is shown, whichever channel
  int m_loading = 0;                      ///< counts requests, so that an answer that came too late is known
  bool m_flat = false;                    ///< a picture is shown
  QThreadPool m_readers;
};

}  // namespace lorkd::workbench
