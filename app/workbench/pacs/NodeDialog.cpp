#include "app/workbench/pacs/NodeDialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/workbench/Text.h"
#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"

namespace lorkd::workbench {
namespace {

template <class Field>
Field* named(Field* field, const char* name, const QString& title) {
  field->setObjectName(name);
  field->setAccessibleName(title);
  return field;
}

field::NumberField* number(QWidget* parent, const char* name, const QString& title, int low, int high, int value,
                           const QString& unit = {}) {
  auto* box = named(new field::NumberField({double(low), double(high), true, unit}, parent), name, title);
  box->setValue(value);
  return box;
}

}  // namespace

NodeDialog::NodeDialog(const pacs::Node& node, bool isNew, const QStringList& taken, QWidget* parent)
    : QDialog(parent), m_taken(taken) {
  setObjectName("nodeDialog");
  setWindowTitle(isNew ? tr("Add PACS") : tr("Edit %1").arg(text(node.name)));
  m_name = named(new QLineEdit(text(node.name), this), "nodeName", tr("Name"));
  m_name->setPlaceholderText(tr("as you call it: letters, digits, . _ -"));
  m_name->setEnabled(isNew);
  m_host = named(new QLineEdit(text(node.host), this), "nodeHost", tr("Host"));
  m_host->setPlaceholderText(tr("name or IPv4 address"));
  m_port = number(this, "nodePort", tr("Port"), 1, 65535, node.port);
  m_called = named(new QLineEdit(text(node.called), this), "nodeCalled", tr("AE title of the PACS"));
  m_calling = named(new QLineEdit(text(node.calling), this), "nodeCalling", tr("Our AE title"));
  m_timeout = number(this, "nodeTimeout", tr("Timeout"), 1, 3600, node.timeout, tr("s"));
  m_timeout->setToolTip(tr("After so long without a sign of life the PACS counts as dead"));
  m_retrieve = named(new QComboBox(this), "nodeRetrieve", tr("Images come"));
  m_retrieve->addItem(tr("over our connection (C-GET)"), "get");
  m_retrieve->addItem(tr("over one that the PACS opens (C-MOVE)"), "move");
  m_retrieve->setCurrentIndex(node.retrieve == pacs::Retrieve::Move ? 1 : 0);
  m_receivePort = number(this, "nodeReceivePort", tr("Receiving port"), 1, 65535, node.receivePort);
  m_receivePort->setToolTip(tr("The PACS must know this machine by our AE title, its address and this port"));
  m_mostAnswers = number(this, "nodeMostAnswers", tr("Most answers"), 1, 1'000'000, node.limits.answers);
  m_mostAnswers->setToolTip(tr("A query or retrieval with more is given up: a faulty PACS may answer for ever"));
  m_mostMegabytes = number(this, "nodeMostMegabytes", tr("Most data"), 1, 1'000'000, node.limits.megabytes, tr("MB"));
  m_mostMegabytes->setToolTip(tr("That one query or retrieval may bring; what arrived whole is kept"));
  m_mostSeconds = number(this, "nodeMostSeconds", tr("Longest operation"), 1, 1'000'000, node.limits.seconds, tr("s"));
  m_mostSeconds->setToolTip(tr("After so long a query or retrieval is given up; what arrived whole is kept"));
  const auto follow = [this] { m_receivePort->setEnabled(m_retrieve->currentIndex() == 1); };
  connect(m_retrieve, &QComboBox::currentIndexChanged, this, follow);
  follow();

  auto* form = new QFormLayout;
  const auto row = [&](QWidget* field, const char* key = nullptr) {
    auto* number = qobject_cast<field::NumberField*>(field);
    auto* label = new QLabel(field->accessibleName(), this);
    label->setBuddy(field);
    form->addRow(label, number ? field::withFaultLine(number, this)
                        : key  ? field::stacked(field, faultLine(field, key), this)
                               : field);
  };
  row(m_name, "name");
  row(m_host, "host");
  row(m_port);
  row(m_called, "called");
  row(m_calling, "calling");
  row(m_timeout);
  row(m_retrieve);
  row(m_receivePort);
  row(m_mostAnswers);
  row(m_mostMegabytes);
  row(m_mostSeconds);

  const auto tls = node.tls.value_or(pacs::Tls{});
  m_tls = named(new QGroupBox(tr("Encrypted connection (TLS)"), this), "nodeTls", tr("Encrypted connection"));
  m_tls->setCheckable(true);
  m_tls->setChecked(node.tls.has_value());
  auto* files = new QFormLayout(m_tls);
  m_ca = fileField(m_tls, "nodeCa", tr("Authorities"), "tls.ca", tls.ca);
  m_certificate = fileField(m_tls, "nodeCertificate", tr("Our certificate"), "tls.certificate", tls.certificate);
  m_key = fileField(m_tls, "nodeKey", tr("Its private key"), "tls.key", tls.key);
  m_ca->setPlaceholderText(tr("PEM file of who vouches for the PACS"));
  m_certificate->setPlaceholderText(tr("only if the PACS asks for one"));
  m_checkName = named(new QCheckBox(tr("Its certificate must be for its host"), m_tls), "nodeCheckName", {});
  m_checkName->setChecked(tls.checkName);
  files->addRow(m_checkName);

  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel, this);
  connect(buttons, &QDialogButtonBox::accepted, this, &NodeDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(form);
  layout->addWidget(m_tls);
  layout->addWidget(buttons);
  setMinimumWidth(460);
}

field::FaultLine* NodeDialog::faultLine(const QWidget* field, const char* key) {
  auto* line = new field::FaultLine(this);
  line->setObjectName(field->objectName() + "Fault");
  m_faults.emplace_back(key, line);
  return line;
}

QLineEdit* NodeDialog::fileField(QGroupBox* box, const char* name, const QString& title, const char* key,
                                 const std::filesystem::path& value) {
  auto* field = named(new QLineEdit(text(value.string()), box), name, title);
  auto* browse = new QPushButton(tr("Browse…"), box);
  connect(browse, &QPushButton::clicked, this, [this, field, title] {
    const auto file = QFileDialog::getOpenFileName(this, title, field->text());
    if (!file.isEmpty()) field->setText(file);
  });
  auto* row = new QHBoxLayout;
  row->addWidget(field);
  row->addWidget(browse);
  auto* both = new QVBoxLayout;
  both->setSpacing(2);
  both->addLayout(row);
  both->addWidget(faultLine(field, key));
  qobject_cast<QFormLayout*>(box->layout())->addRow(title, both);
  return field;
}

pacs::Node NodeDialog::node() const {
  const auto value = [](const QLineEdit* field) { return field->text().trimmed().toStdString(); };
  pacs::Node node;
  node.name = value(m_name);
  node.host = value(m_host);
  node.port = static_cast<int>(m_port->value());
  node.called = value(m_called);
  node.calling = value(m_calling);
  node.timeout = static_cast<int>(m_timeout->value());
  node.retrieve = m_retrieve->currentIndex() == 1 ? pacs::Retrieve::Move : pacs::Retrieve::Get;
  node.receivePort = static_cast<int>(m_receivePort->value());
  node.limits = {static_cast<int>(m_mostAnswers->value()), static_cast<int>(m_mostMegabytes->value()),
                 static_cast<int>(m_mostSeconds->value())};
  if (m_tls->isChecked())
    node.tls = pacs::Tls{value(m_ca), value(m_certificate), value(m_key), m_checkName->isChecked()};
  return node;
}

void NodeDialog::accept() {
  // The field itself says why.
  for (auto* number : {m_port, m_timeout, m_receivePort})
    if (number->isEnabled() && !number->why().isEmpty()) return number->setFocus();
  const auto sound = pacs::check(node());
  const bool twice = m_taken.contains(m_name->text().trimmed());
  if (sound && !twice) return QDialog::accept();
  const auto said = twice ? tr("There is a PACS of this name already.") : text(sound.error().message);
  bool placed = false;
  for (const auto& [key, line] : m_faults) {
    const bool here = !placed && (twice ? key == "name" : said.startsWith(key + ' '));
    line->say(here ? said : QString());
    placed |= here;
  }
}

}  // namespace lorkd::workbench
