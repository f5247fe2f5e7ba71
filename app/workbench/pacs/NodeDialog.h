// The fields of one PACS.
#pragma once

#include <QDialog>
#include <QStringList>
#include <string>

#include "core/pacs/Node.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QGroupBox;

namespace lorkd::field {
class NumberField;
class TextField;
}  // namespace lorkd::field

namespace lorkd::workbench {

/// Accepted only with numbers that can be read and a node that pacs::check() finds sound; otherwise it says beside each
/// field what is wrong with it, goes to the first, and stays.
class NodeDialog : public QDialog {
  Q_OBJECT
 public:
  /// `taken`: names that a new node may not have; empty when one is edited, whose name stays.
  NodeDialog(const pacs::Node& node, bool isNew, const QStringList& taken, QWidget* parent = nullptr);
  pacs::Node node() const;
  void accept() override;

 private:
  field::TextField* textField(const char* name, const QString& title, const std::string& value, QWidget* parent);
  void addFile(QFormLayout* form, field::TextField* field, const QString& hint);
  /// What makes a text good: what pacs::check() says of a sound node with that text at its place.
  void makeRules();
  QStringList m_taken;
  field::TextField *m_name, *m_host, *m_called, *m_calling, *m_ca, *m_certificate, *m_key;
  field::NumberField *m_port, *m_timeout, *m_receivePort, *m_mostAnswers, *m_mostMegabytes, *m_mostSeconds;
  QComboBox* m_retrieve;
  QGroupBox* m_tls;
  QCheckBox* m_checkName;
};

}  // namespace lorkd::workbench
