// Find series at a PACS and retrieve them into a folder, which may become a data source.
#pragma once

#include <QDialog>
#include <QPointer>
#include <filesystem>

#include "app/workbench/pacs/Results.h"
#include "app/workbench/wizard/PageJobs.h"
#include "core/pacs/Node.h"
#include "widgets/run/JobQueue.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTimer;

namespace lorkd::field {
class TextField;
}

namespace lorkd::workbench {

/// Everything is asked of `lorkd pacs`; how far a series is, is seen in the folder. A retrieval goes on when the dialog
/// is closed, as every job does.
class PacsDialog : public QDialog {
  Q_OBJECT
 public:
  /// `folder`: where to retrieve into unless the user says otherwise.
  PacsDialog(watch::JobQueue* jobs, const QString& folder, QWidget* parent = nullptr);

  PacsResults* results() const { return m_results; }
  watch::Job* retrieval() const { return m_retrieval; }
  /// Stores files at the chosen PACS.
  void send(const QStringList& files);

 Q_SIGNALS:
  /// The user wants this folder as a data source.
  void folderWanted(const QString& folder);

 private:
  QLayout* makeNodeRow();
  QLayout* makeSearch();
  QLayout* makeTarget();
  void readNodes(const QString& choose = {});
  void editNode(bool isNew);
  void removeNode();
  void test();
  void search();
  void askSeries(const QString& study);
  void retrieve(const std::vector<PacsResults::Choice>& choices);
  void retrieved();
  void watchFolder();
  void refresh();
  void say(const QString& text, bool isFault = false);
  /// `lorkd pacs COMMAND NODE ...`
  watch::Job* start(const QString& title, const QString& command, const QStringList& more);

  watch::JobQueue* m_jobs;
  std::filesystem::path m_file;  ///< of the PACS that are known
  std::vector<pacs::Node> m_known;
  std::vector<PacsResults::Choice> m_wanted, m_failed;  ///< of the last retrieval
  QPointer<watch::Job> m_retrieval;
  PageJobs m_asked;
  QTimer* m_watch;
  QComboBox *m_node, *m_modality;
  field::TextField *m_from, *m_to;
  QLineEdit *m_name, *m_id, *m_description, *m_accession, *m_folder;
  PacsResults* m_results;
  QLabel* m_status;
  QPushButton *m_add, *m_edit, *m_remove, *m_test, *m_search, *m_retrieve, *m_cancel, *m_retry, *m_send, *m_use;
};

}  // namespace lorkd::workbench
