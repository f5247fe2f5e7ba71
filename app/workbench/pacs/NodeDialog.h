// The fields of one PACS.
#pragma once

#include <QDialog>
#include <QStringList>
#include <utility>
#include <vector>

#include "core/pacs/Node.h"

class QCheckBox;
class QComboBox;
class QGroupBox;
class QLineEdit;

namespace lorkd::field {
class FaultLine;
class NumberField;
}  // namespace lorkd::field

namespace lorkd::workbench {

/// Accepted only with numbers that can be read and a node that pacs::check() finds sound; otherwise it says what is
/// wrong and stays.
class NodeDialog : public QDialog {
  Q_OBJECT
 public:
  /// `taken`: names that a new node may not have; empty when one is edited, whose name stays.
  NodeDialog(const pacs::Node& node, bool isNew, const QStringList& taken, QWidget* parent = nullptr);
  pacs::Node node() const;
  void accept() override;

 private:
  QLineEdit* fileField(QGroupBox* box, const char* name, const QString& title, const char* key,
                       const std::filesystem::path& value);
  /// The line below a field; `key`: how pacs::check() begins what it says of it.
  field::FaultLine* faultLine(const QWidget* field, const char* key);
  QStringList m_taken;
  QLineEdit *m_name, *m_host, *m_called, *m_calling, *m_ca, *m_certificate, *m_key;
  field::NumberField *m_port, *m_timeout, *m_receivePort, *m_mostAnswers, *m_mostMegabytes, *m_mostSeconds;
  QComboBox* m_retrieve;
  QGroupBox* m_tls;
  QCheckBox* m_checkName;
  std::vector<std::pair<QString, field::FaultLine*>> m_faults;
};

}  // namespace lorkd::workbench
