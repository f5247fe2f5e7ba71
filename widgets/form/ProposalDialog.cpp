#include "widgets/form/ProposalDialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace lorkd::form {
namespace {

/// The first of many; all of them in the tool tip.
void list(QLabel* label, const QString& text, const QStringList& names) {
  constexpr int most = 12;
  label->setVisible(!names.isEmpty());
  auto shown = names.mid(0, most).join(", ");
  if (names.size() > most) shown += QObject::tr(" and %1 more").arg(names.size() - most);
  label->setText(text.arg(QString::number(names.size()), shown));
  label->setToolTip(names.size() > most ? names.join('\n') : QString());
}

}  // namespace

ProposalDialog::ProposalDialog(std::vector<Proposal> proposals, const DataLabels* data, bool others, QWidget* parent)
    : QDialog(parent), m_proposals(std::move(proposals)), m_data(data) {
  setObjectName("proposal");
  setWindowTitle(tr("Proposed tasks"));
  resize(640, 560);
  m_basis = new QComboBox(this);
  m_basis->setObjectName("proposalBasis");
  m_basis->setAccessibleName(tr("What the proposal goes by"));
  for (const auto& proposal : m_proposals) m_basis->addItem(proposal.title);
  m_basis->setVisible(m_proposals.size() > 1);
  m_tree = new QTreeWidget(this);
  m_tree->setObjectName("proposalTree");
  m_tree->setAccessibleName(tr("Proposed tasks and their classes"));
  m_tree->setHeaderLabels({tr("Task / class"), tr("Made of labels"), tr("Images")});
  m_tree->headerItem()->setTextAlignment(2, Qt::AlignRight | Qt::AlignVCenter);
  m_tree->header()->setStretchLastSection(false);
  m_tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_tree->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  m_tree->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  m_left = new QLabel(this);
  m_left->setObjectName("proposalLeft");
  m_left->setWordWrap(true);
  m_missing = new QLabel(this);
  m_missing->setObjectName("proposalMissing");
  m_missing->setWordWrap(true);
  m_keep = new QCheckBox(tr("Take these classes all the same; the run can only begin with data for them"), this);
  m_keep->setObjectName("proposalKeep");
  m_replace = new QRadioButton(tr("&Replace the tasks there are"), this);
  m_replace->setObjectName("proposalReplace");
  auto* add = new QRadioButton(tr("&Add to them"), this);
  add->setObjectName("proposalAdd");
  m_replace->setChecked(true);
  for (auto* choice : {m_replace, add}) choice->setVisible(others);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  m_use = buttons->button(QDialogButtonBox::Ok);
  m_use->setText(tr("Use these tasks"));
  m_use->setObjectName("proposalUse");

  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_basis);
  layout->addWidget(m_tree, 1);
  for (QWidget* widget : {static_cast<QWidget*>(m_left), static_cast<QWidget*>(m_missing),
                          static_cast<QWidget*>(m_keep), static_cast<QWidget*>(m_replace), static_cast<QWidget*>(add)})
    layout->addWidget(widget);
  layout->addWidget(buttons);
  connect(m_basis, &QComboBox::currentIndexChanged, this, &ProposalDialog::showProposal);
  connect(m_keep, &QCheckBox::toggled, this, &ProposalDialog::showProposal);
  connect(m_tree, &QTreeWidget::itemChanged, this, [this] { m_use->setEnabled(!tasks().empty()); });
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  showProposal();
}

const Json& ProposalDialog::shown() const {
  const auto& proposal = m_proposals[static_cast<std::size_t>(std::max(0, m_basis->currentIndex()))];
  return m_keep->isChecked() && !proposal.complete.is_null() ? proposal.complete : proposal.tasks;
}

void ProposalDialog::showProposal() {
  const auto& proposal = m_proposals[static_cast<std::size_t>(std::max(0, m_basis->currentIndex()))];
  m_tree->clear();
  for (const auto& [name, task] : shown().items()) {
    const auto& classes = task.at("classes");
    auto* item = new QTreeWidgetItem(m_tree, {QString::fromStdString(name), tr("classes: %1").arg(classes.size()),
                                              QString::number(m_data->images(task))});
    item->setCheckState(0, Qt::Checked);
    for (const auto& [cls, unused] : classes.items()) {
      QStringList labels;
      for (const auto& label : labelNames(task, cls)) labels << QString::fromStdString(label);
      auto* child = new QTreeWidgetItem(
          item, {QString::fromStdString(cls), labels.join(", "), QString::number(m_data->images(task, cls))});
      child->setTextAlignment(2, Qt::AlignRight | Qt::AlignVCenter);
    }
    item->setTextAlignment(2, Qt::AlignRight | Qt::AlignVCenter);
  }
  if (m_tree->topLevelItemCount() <= 4) m_tree->expandAll();
  list(m_left, tr("Labels in none of these tasks (%1): %2"), proposal.left);
  list(m_missing, tr("Classes for which the data have no label (%1): %2"), proposal.missing);
  m_keep->setVisible(!proposal.missing.isEmpty());
  m_use->setEnabled(!tasks().empty());
}

Json ProposalDialog::tasks() const {
  Json out = Json::object();
  for (int row = 0; row < m_tree->topLevelItemCount(); ++row)
    if (const auto* item = m_tree->topLevelItem(row); item->checkState(0) == Qt::Checked) {
      const auto name = item->text(0).toStdString();
      out[name] = shown().at(name);
    }
  return out;
}

bool ProposalDialog::replaces() const { return m_replace->isChecked(); }

}  // namespace lorkd::form
