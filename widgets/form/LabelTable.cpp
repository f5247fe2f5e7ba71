#include "widgets/form/LabelTable.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/view/Swatch.h"

namespace lorkd::form {
namespace {

enum Column { Name, Number, Code, BodyPart, Images };
constexpr int PlaceRole = Qt::UserRole;  // of the label in the data

/// Numbers in its texts are compared as numbers.
class Row : public QTreeWidgetItem {
 public:
  using QTreeWidgetItem::QTreeWidgetItem;
  bool operator<(const QTreeWidgetItem& other) const override {
    const int column = treeWidget() ? treeWidget()->sortColumn() : 0;
    return before(text(column), other.text(column));
  }
};

/// Enter chooses, instead of pressing the default button of the window.
class List : public QTreeWidget {
 public:
  using QTreeWidget::QTreeWidget;

 protected:
  void keyPressEvent(QKeyEvent* event) override {
    QTreeWidget::keyPressEvent(event);
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) event->accept();
  }
};

}  // namespace

LabelTable::LabelTable(QWidget* parent) : QWidget(parent) {
  m_text = new QLineEdit(this);
  m_text->setObjectName("labelFilter");
  m_text->setAccessibleName(tr("Filter labels"));
  m_text->setPlaceholderText(tr("Filter by name, code or body part"));
  m_text->setClearButtonEnabled(true);
  m_text->installEventFilter(this);
  m_regular = new QToolButton(this);
  m_regular->setObjectName("labelFilterRegular");
  m_regular->setText(QStringLiteral(".*"));
  m_regular->setCheckable(true);
  m_regular->setToolTip(tr("Read the filter as a regular expression"));
  m_regular->setAccessibleName(tr("Regular expression"));
  m_fault = new QLabel(this);
  m_fault->setObjectName("labelFilterFault");
  m_fault->setWordWrap(true);
  m_fault->hide();
  m_list = new List(this);
  m_list->setObjectName("availableLabels");
  m_list->setAccessibleName(tr("Labels in the data"));
  m_list->setHeaderLabels({tr("Label in the data"), tr("No."), tr("Code"), tr("Body part"), tr("Images")});
  m_list->headerItem()->setToolTip(Number, tr("Label value, segment number or ROI number"));
  for (int column : {int(Number), int(Images)})
    m_list->headerItem()->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->setAlternatingRowColors(true);
  m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_list->setDragEnabled(true);
  m_list->setDragDropMode(QAbstractItemView::DragOnly);
  m_list->header()->setStretchLastSection(false);
  m_list->setSortingEnabled(true);
  m_list->sortByColumn(Name, Qt::AscendingOrder);
  m_unused = new QCheckBox(tr("Only &unused"), this);
  m_unused->setObjectName("onlyUnused");
  auto* all = new QPushButton(tr("Select a&ll shown"), this);
  all->setObjectName("selectShown");
  m_count = new QLabel(this);
  m_count->setObjectName("labelCount");

  auto* top = new QHBoxLayout;
  top->addWidget(m_text, 1);
  top->addWidget(m_regular);
  auto* below = new QHBoxLayout;
  below->addWidget(m_unused);
  below->addWidget(all);
  below->addWidget(m_count, 1, Qt::AlignRight);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addLayout(top);
  layout->addWidget(m_fault);
  layout->addWidget(m_list, 1);
  layout->addLayout(below);

  connect(m_text, &QLineEdit::textChanged, this, &LabelTable::filter);
  connect(m_regular, &QToolButton::toggled, this, &LabelTable::filter);
  connect(m_unused, &QCheckBox::toggled, this, &LabelTable::filter);
  connect(all, &QPushButton::clicked, m_list, [this] {
    m_list->selectAll();
    m_list->setFocus();
  });
  connect(m_list, &QTreeWidget::itemSelectionChanged, this, &LabelTable::showCount);
  connect(m_list, &QTreeWidget::itemActivated, this, &LabelTable::activated);
}

bool LabelTable::eventFilter(QObject* watched, QEvent* event) {
  if (watched != m_text || event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
  // From the filter to what it found, instead of on to the next page of the wizard.
  const auto key = static_cast<QKeyEvent*>(event)->key();
  if (key != Qt::Key_Return && key != Qt::Key_Enter && key != Qt::Key_Down) return false;
  m_list->setFocus();
  for (int row = 0; row < m_list->topLevelItemCount(); ++row)
    if (auto* item = m_list->topLevelItem(row); !item->isHidden()) {
      m_list->setCurrentItem(item);
      break;
    }
  return true;
}

void LabelTable::setData(const DataLabels* data) {
  m_data = data;
  fill();
  showUse();
  filter();
}

void LabelTable::setUsed(std::map<std::string, LabelUse> used) {
  m_used = std::move(used);
  showUse();
  filter();
}

const LabelInfo* LabelTable::infoOf(const QTreeWidgetItem* item) const {
  return &m_data->labels()[item->data(Name, PlaceRole).toULongLong()];
}

std::vector<const LabelInfo*> LabelTable::chosen() const {
  std::vector<const LabelInfo*> out;
  for (int row = 0; row < m_list->topLevelItemCount(); ++row)
    if (const auto* item = m_list->topLevelItem(row); item->isSelected() && !item->isHidden())
      out.push_back(infoOf(item));
  return out;
}

void LabelTable::fill() {
  m_list->clear();
  m_list->setSortingEnabled(false);
  bool any[Images + 1] = {};
  for (std::size_t n = 0; n < m_data->labels().size(); ++n) {
    const auto& info = m_data->labels()[n];
    const auto& label = info.label;
    auto* item = new Row(m_list);
    item->setText(Name, info.name());
    item->setData(Name, PlaceRole, qulonglong(n));
    if (label.number > 0) item->setText(Number, QString::number(label.number));
    item->setText(Code, meaningText(label.code, label.modifier));
    item->setText(Images, QString::number(info.images.size()));
    item->setText(BodyPart, info.bodyParts.join(", "));
    for (int column : {int(Number), int(Images)}) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    for (int column = 0; column <= Images; ++column) any[column] = any[column] || !item->text(column).isEmpty();
  }
  m_list->setSortingEnabled(true);
  // A column without a word only takes room.
  for (int column = 0; column <= Images; ++column) {
    m_list->setColumnHidden(column, !any[column]);
    if (column != Name) m_list->resizeColumnToContents(column);
  }
  m_list->header()->setSectionResizeMode(Name, QHeaderView::Stretch);
}

void LabelTable::showUse() {
  for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
    auto* item = m_list->topLevelItem(row);
    const auto* info = infoOf(item);
    const auto used = m_used.find(image::folded(info->label.name));
    QStringList tip{info->name()};
    if (const auto code = codeText(info->label.code, info->label.modifier); !code.isEmpty()) tip << code;
    if (!info->various.isEmpty()) tip << tr("Images do not agree on: %1").arg(info->various.join(", "));
    if (used != m_used.end()) tip << tr("Used in: %1").arg(used->second.places.join(", "));
    item->setIcon(Name, used != m_used.end() ? used->second.look
                                             : view::swatch(QColor(QString::fromStdString(info->label.color))));
    auto font = m_list->font();
    font.setItalic(used != m_used.end());
    for (int column = 0; column < m_list->columnCount(); ++column) {
      item->setToolTip(column, tip.join('\n'));
      item->setFont(column, font);
      item->setForeground(column, used == m_used.end() ? QBrush() : palette().brush(QPalette::PlaceholderText));
    }
    // Read aloud as well.
    item->setData(Name, Qt::AccessibleDescriptionRole, used == m_used.end() ? QString() : tip.back());
  }
}

void LabelTable::filter() {
  const auto text = m_text->text();
  const QRegularExpression wanted(m_regular->isChecked() ? text : QRegularExpression::escape(text),
                                  QRegularExpression::CaseInsensitiveOption);
  m_fault->setVisible(!wanted.isValid());
  if (!wanted.isValid())
    m_fault->setText(tr("This is no regular expression: %1 at character %2. The list is as it was before.")
                         .arg(wanted.errorString())
                         .arg(wanted.patternErrorOffset()));
  auto colors = palette();
  if (!wanted.isValid()) colors.setColor(QPalette::Text, QColor(0xd0, 0x3b, 0x3b));
  m_text->setPalette(colors);
  if (!wanted.isValid()) return;
  for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
    auto* item = m_list->topLevelItem(row);
    const auto* info = infoOf(item);
    const QStringList words{info->name(), codeText(info->label.code, info->label.modifier), info->bodyParts.join(' ')};
    const bool free = !m_unused->isChecked() || !m_used.contains(image::folded(info->label.name));
    const bool shown = free && std::ranges::any_of(words, [&](const QString& w) { return wanted.match(w).hasMatch(); });
    item->setHidden(!shown);
    if (!shown) item->setSelected(false);
  }
  showCount();
}

void LabelTable::showCount() {
  int shown = 0;
  for (int row = 0; row < m_list->topLevelItemCount(); ++row) shown += !m_list->topLevelItem(row)->isHidden();
  m_count->setText(
      tr("%1 of %2, selected: %3").arg(shown).arg(m_list->topLevelItemCount()).arg(m_list->selectedItems().size()));
}

}  // namespace lorkd::form
