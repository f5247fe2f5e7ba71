// The fields of one PACS.
#pragma once

#include <QDialog>
#include <QStringList>

#include "core/pacs/Node.h"

class QCheckBox;
class QComboBox;
class QGroupBox;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace lorkd::workbench {

/// Accepted only with a node that pacs::check() finds sound; otherwise it says what is wrong and stays.
class NodeDialog : public QDialog {
  Q_OBJECT
 public:
  /// `taken`: names that a new node may not have; empty when one is edited, whose name stays.
  NodeDialog(const pacs::Node& node, bool isNew, const QStringList& taken, QWidget* parent = nullptr);
  pacs::Node node() const;
  void accept() override;

 private:
  QLineEdit* fileField(QGroupBox* box, const char* name, const QString& title, const std::filesystem::path& value);
  QStringList m_taken;
  QLineEdit *m_name, *m_host, *m_called, *m_calling, *m_ca, *m_certificate, *m_key;
  QSpinBox *m_port, *m_timeout, *m_receivePort, *m_mostAnswers, *m_mostMegabytes, *m_mostSeconds;
  QComboBox* m_retrieve;
  QGroupBox* m_tls;
  QCheckBox* m_checkName;
  QLabel* m_fault;
};

}  // namespace lorkd::workbench
