#include "app/workbench/pacs/NodeDialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/workbench/Text.h"
#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"
#include "widgets/field/TextField.h"

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

/// Whether a text may stand at that place of a node whose other places are sound.
bool mayBe(std::string pacs::Node::*place, const QString& value) {
  pacs::Node node;
  node.name = node.host = "sound";
  node.*place = value.trimmed().toStdString();
  return pacs::check(node).has_value();
}

}  // namespace

NodeDialog::NodeDialog(const pacs::Node& node, bool isNew, const QStringList& taken, QWidget* parent)
    : QDialog(parent), m_taken(taken) {
  setObjectName("nodeDialog");
  setWindowTitle(isNew ? tr("Add PACS") : tr("Edit %1").arg(text(node.name)));
  m_name = textField("nodeName", tr("Name"), node.name, this);
  m_name->setPlaceholderText(tr("as you call it: letters, digits, . _ -"));
  m_name->setEnabled(isNew);
  m_host = textField("nodeHost", tr("Host"), node.host, this);
  m_host->setPlaceholderText(tr("name or IPv4 address"));
  m_port = number(this, "nodePort", tr("Port"), 1, 65535, node.port);
  m_called = textField("nodeCalled", tr("AE title of the PACS"), node.called, this);
  m_calling = textField("nodeCalling", tr("Our AE title"), node.calling, this);
  m_timeout = number(this, "nodeTimeout", tr("Timeout"), 1, 3600, node.timeout, tr("s"));
  m_timeout->setToolTip(tr("After so long without a sign of life the PACS counts as dead"));
  m_retrieve = named(new QComboBox(this), "nodeRetrieve", tr("Images come"));
  m_retrieve->addItem(tr("over our connection (C-GET)"), "get");
  m_retrieve->addItem(tr("over one that the PACS opens (C-MOVE)"), "move");
  m_retrieve->setCurrentIndex(node.retrieve == pacs::Retrieve::Move ? 1 : 0);
  m_receivePort = number(this, "nodeReceivePort", tr("Receiving port"), 1, 65535, node.receivePort);
  m_receivePort->setToolTip(tr("The PACS must know this machine by our AE title, its address and this port"));
  m_mostAnswers = number(this, "nodeMostAnswers", tr("Answers of a query, at most"), 1, 1'000'000, node.limits.answers);
  m_mostAnswers->setToolTip(tr("A query or retrieval with more is given up: a faulty PACS may answer for ever"));
  m_mostMegabytes = number(this, "nodeMostMegabytes", tr("Data of a query or retrieval, at most"), 1, 1'000'000,
                           node.limits.megabytes, tr("MB"));
  m_mostMegabytes->setToolTip(tr("That one query or retrieval may bring; what arrived whole is kept"));
  m_mostSeconds = number(this, "nodeMostSeconds", tr("Time of a query or retrieval, at most"), 1, 1'000'000,
                         node.limits.seconds, tr("s"));
  m_mostSeconds->setToolTip(tr("After so long a query or retrieval is given up; what arrived whole is kept"));
  const auto follow = [this] { m_receivePort->setEnabled(m_retrieve->currentIndex() == 1); };
  connect(m_retrieve, &QComboBox::currentIndexChanged, this, follow);
  follow();

  auto* form = new QFormLayout;
  const auto row = [&](QWidget* field) {
    auto* number = qobject_cast<field::NumberField*>(field);
    auto* words = qobject_cast<field::TextField*>(field);
    auto* label = new QLabel(field->accessibleName(), this);
    label->setBuddy(field);
    form->addRow(label, number  ? field::withFaultLine(number, this)
                        : words ? field::withFaultLine(words, this)
                                : field);
  };
  row(m_name);
  row(m_host);
  row(m_port);
  row(m_called);
  row(m_calling);
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
  m_ca = textField("nodeCa", tr("Authorities"), tls.ca.string(), m_tls);
  m_certificate = textField("nodeCertificate", tr("Our certificate"), tls.certificate.string(), m_tls);
  m_key = textField("nodeKey", tr("Its private key"), tls.key.string(), m_tls);
  addFile(files, m_ca, tr("PEM file of who vouches for the PACS"));
  addFile(files, m_certificate, tr("only if the PACS asks for one"));
  addFile(files, m_key, {});
  m_checkName =
      named(new QCheckBox(tr("Refuse a PACS whose certificate names another host"), m_tls), "nodeCheckName", {});
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
  makeRules();
}

field::TextField* NodeDialog::textField(const char* name, const QString& title, const std::string& value,
                                        QWidget* parent) {
  return named(new field::TextField(text(value), parent), name, title);
}

void NodeDialog::addFile(QFormLayout* form, field::TextField* field, const QString& hint) {
  auto* box = field->parentWidget();
  field->setPlaceholderText(hint);
  auto* browse = new QPushButton(tr("Browse…"), box);
  connect(browse, &QPushButton::clicked, this, [this, field] {
    const auto file = QFileDialog::getOpenFileName(this, field->accessibleName(), field->text());
    if (!file.isEmpty()) field->setText(file);
  });
  auto* row = new QHBoxLayout;
  row->addWidget(field::withFaultLine(field, box), 1);
  row->addWidget(browse, 0, Qt::AlignTop);
  auto* label = new QLabel(field->accessibleName(), box);
  label->setBuddy(field);
  form->addRow(label, row);
}

void NodeDialog::makeRules() {
  m_name->setRule([this](const QString& typed) {
    if (m_taken.contains(typed.trimmed())) return tr("There is a PACS of this name already.");
    return mayBe(&pacs::Node::name, typed) ? QString()
                                           : tr("Needed: 1 to 64 letters without accents, digits, points, _ or -.");
  });
  m_host->setRule([](const QString& typed) {
    return mayBe(&pacs::Node::host, typed)
               ? QString()
               : tr("Needed: the name of a host or its IPv4 address, without spaces; the port has a field of its own.");
  });
  for (auto [field, place] : {std::pair(m_called, &pacs::Node::called), std::pair(m_calling, &pacs::Node::calling)})
    field->setRule([place = place](const QString& typed) {
      return mayBe(place, typed) ? QString()
                                 : tr("Needed: 1 to 16 letters without accents, digits or signs, but no \\.");
    });
  m_ca->setRule([this](const QString& typed) {
    return m_tls->isChecked() && typed.trimmed().isEmpty() ? tr("Name the file: without it anybody could be the PACS.")
                                                           : QString();
  });
  connect(m_tls, &QGroupBox::toggled, this, [this] {
    for (auto* file : {m_ca, m_certificate, m_key}) file->judgeAgain();
  });
  // The empty one of the two is the one to fill.
  for (auto [field, other] : {std::pair(m_certificate, m_key), std::pair(m_key, m_certificate)}) {
    field->setRule([this, other = other](const QString& typed) {
      return m_tls->isChecked() && typed.trimmed().isEmpty() && !other->text().trimmed().isEmpty()
                 ? tr("Certificate and private key belong together: name both, or neither.")
                 : QString();
    });
    connect(other, &QLineEdit::textChanged, field, &field::TextField::judgeAgain);
  }
}

pacs::Node NodeDialog::node() const {
  const auto value = [](const field::TextField* field) { return field->text().trimmed().toStdString(); };
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
  QWidget* wrong = nullptr;
  // Every field says its own fault; what is not asked for now, such as files without TLS, has none.
  const auto look = [&](auto* field) {
    if (field->isEnabled() && !field->why().isEmpty() && !wrong) wrong = field;
  };
  for (auto* words : {m_name, m_host, m_called, m_calling, m_ca, m_certificate, m_key})
    if (words->isEnabled()) words->judge();
  look(m_name);
  look(m_host);
  look(m_port);
  look(m_called);
  look(m_calling);
  for (auto* number : {m_timeout, m_receivePort, m_mostAnswers, m_mostMegabytes, m_mostSeconds}) look(number);
  for (auto* file : {m_ca, m_certificate, m_key}) look(file);
  if (wrong) return wrong->setFocus();
  QDialog::accept();
}

}  // namespace lorkd::workbench
