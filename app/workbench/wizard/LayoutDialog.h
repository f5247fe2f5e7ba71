// How the files of a source lie: patterns, tables and readers, with what they find while one types.
#pragma once

#include <QDialog>
#include <memory>
#include <set>

#include "core/base/Progress.h"
#include "core/data/layout/Reading.h"
#include "widgets/form/PlanModel.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTabWidget;
class QTimer;
class QTreeWidget;
class QVBoxLayout;

namespace lorkd::field {
class FaultLine;
}

namespace lorkd::workbench {

/// Writes data.sources.NAME.layout and .nifti_place when it is accepted; whoever opened it scans the source anew then.
/// The folder is listed once, on a worker, and no file of it is opened but tables that the plan names.
class LayoutDialog : public QDialog {
  Q_OBJECT
 public:
  LayoutDialog(form::PlanModel* model, const std::string& source, QWidget* parent = nullptr);
  ~LayoutDialog() override;
  void accept() override;
  /// What is asked for now has been answered.
  bool answered() const { return m_files && m_asked == m_answered; }

 private:
  void addFields(QVBoxLayout* layout);
  void addPreview(QVBoxLayout* layout);
  QLineEdit* addTable(const QString& name, const QString& title, const QString& tip);
  void fill(const plan::Layout& layout);
  /// Lists the readers of the engine's plugins, too.
  void askReaders();
  void addReader(const QString& name, const QString& title, const QString& form);
  plan::Layout entered() const;
  /// Lets a worker say what the fields make of the folder.
  void ask();
  void present(const Result<data::layout::Preview>& found);

  form::PlanModel* m_model;
  std::string m_source;
  std::filesystem::path m_folder;
  std::set<QString> m_ofPlugins;  ///< readers that the engine alone has: what they find shows in a scan
  std::shared_ptr<const data::layout::Files> m_files;  ///< nothing before the folder is listed
  CancelToken m_cancel;
  int m_asked = 0, m_answered = 0;
  QComboBox *m_reader, *m_place;
  QPlainTextEdit *m_images, *m_labels;
  QLineEdit *m_table, *m_patientPattern, *m_patientTable;
  field::FaultLine* m_fault;
  QLabel* m_summary;
  QTabWidget* m_pages;
  QTreeWidget *m_examples, *m_names, *m_left;
  QPushButton* m_ok;
  QTimer* m_timer;
};

}  // namespace lorkd::workbench
