#include "app/workbench/pacs/Results.h"

#include <QHeaderView>
#include <QProgressBar>
#include <QSignalBlocker>
#include <algorithm>
#include <utility>
#include <vector>

#include "app/workbench/Text.h"

namespace lorkd::workbench {
namespace {

constexpr int kUid = Qt::UserRole, kAsked = Qt::UserRole + 1, kImages = Qt::UserRole + 2;

qint64 count(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_number_integer() ? found->get<qint64>() : -1;
}

QString counted(qint64 n) { return n < 0 ? QString() : QString::number(n); }

// 20240331 as 2024-03-31.
QString date(const QString& dicom) {
  return dicom.size() == 8 ? dicom.left(4) + '-' + dicom.mid(4, 2) + '-' + dicom.right(2) : dicom;
}

// Muster^Erika as Muster, Erika.
QString person(const QString& dicom) { return QString(dicom).section('=', 0, 0).section('^', 0, 1).replace("^", ", "); }

}  // namespace

PacsResults::PacsResults(QWidget* parent) : QTreeWidget(parent) {
  setObjectName("pacsResults");
  setAccessibleName(tr("Studies and series"));
  setHeaderLabels({tr("Patient / series"), tr("Date"), tr("Modality"), tr("Description"), tr("Images"), tr("State")});
  setAlternatingRowColors(true);
  setUniformRowHeights(true);
  header()->setStretchLastSection(true);
  // Boxes are framed in the window's colour made darker, which is not to be seen on a dark ground.
  if (auto colors = palette(); colors.color(QPalette::Window).lightness() < 128) {
    colors.setColor(QPalette::Window, colors.color(QPalette::PlaceholderText));
    setPalette(colors);
  }
  const int widths[] = {260, 90, 80, 260, 70};
  for (int column = 0; column < State; ++column) header()->resizeSection(column, widths[column]);
  connect(this, &QTreeWidget::itemExpanded, this, &PacsResults::ask);
  connect(this, &QTreeWidget::itemChanged, this, [this](QTreeWidgetItem* item, int column) {
    if (column != Name) return;
    if (item->checkState(Name) != Qt::Unchecked) ask(item);
    Q_EMIT choiceChanged();
  });
}

void PacsResults::ask(QTreeWidgetItem* item) {
  if (item->parent() || item->data(Name, kAsked).toBool()) return;
  {
    const QSignalBlocker quiet(this);
    item->setData(Name, kAsked, true);
  }
  Q_EMIT seriesWanted(item->data(Name, kUid).toString());
}

void PacsResults::showStudies(const Json& list) {
  const QSignalBlocker quiet(this);
  clear();
  m_items.clear();
  // A PACS answers in any order: the newest first, those of a day by name.
  std::vector<Json> studies(list.begin(), list.end());
  std::ranges::stable_sort(studies, [](const Json& a, const Json& b) {
    return std::pair(text(b, "date"), text(a, "patient_name")) < std::pair(text(a, "date"), text(b, "patient_name"));
  });
  for (const auto& row : studies) {
    auto* item = new QTreeWidgetItem(this);
    const auto id = text(row, "patient_id");
    item->setText(Name, person(text(row, "patient_name")) + (id.isEmpty() ? QString() : "  (" + id + ")"));
    item->setText(Date, date(text(row, "date")));
    item->setText(Modality, text(row, "modalities").replace('\\', ", "));
    item->setText(Description, text(row, "description"));
    item->setText(Images, counted(count(row, "images")));
    if (const auto series = count(row, "series"); series >= 0) item->setText(State, tr("%n series", "", int(series)));
    item->setData(Name, kUid, text(row, "study"));
    item->setFlags(item->flags() | Qt::ItemIsUserCheckable | Qt::ItemIsAutoTristate);
    item->setCheckState(Name, Qt::Unchecked);
    item->setChildIndicatorPolicy(QTreeWidgetItem::ShowIndicator);
    m_items[text(row, "study")] = item;
  }
}

void PacsResults::showSeries(const QString& study, const Json& list) {
  auto* parent = find(study);
  if (!parent) return;
  {
    const QSignalBlocker quiet(this);
    const auto state = parent->checkState(Name) == Qt::Unchecked ? Qt::Unchecked : Qt::Checked;
    qDeleteAll(parent->takeChildren());
    std::vector<Json> series(list.begin(), list.end());
    std::ranges::stable_sort(series, {}, [](const Json& row) { return text(row, "number").toInt(); });
    for (const auto& row : series) {
      auto* item = new QTreeWidgetItem(parent);
      const auto number = text(row, "number"), part = text(row, "body_part");
      item->setText(Name, tr("Series %1").arg(number.isEmpty() ? "?" : number) + (part.isEmpty() ? "" : ", " + part));
      item->setText(Modality, text(row, "modality"));
      item->setText(Description, text(row, "description"));
      item->setText(Images, counted(count(row, "images")));
      item->setData(Name, kUid, text(row, "series"));
      item->setData(Name, kImages, count(row, "images"));
      item->setFlags((item->flags() | Qt::ItemIsUserCheckable) & ~Qt::ItemIsAutoTristate);
      item->setCheckState(Name, state);
      m_items[text(row, "series")] = item;
    }
    parent->setExpanded(true);
  }
  Q_EMIT choiceChanged();
}

void PacsResults::seriesFailed(const QString& study) {
  auto* item = find(study);
  if (!item) return;
  const QSignalBlocker quiet(this);
  item->setData(Name, kAsked, false);
  item->setCheckState(Name, Qt::Unchecked);
  item->setExpanded(false);
}

std::vector<PacsResults::Choice> PacsResults::chosen() const {
  std::vector<Choice> choices;
  for (int s = 0; s < topLevelItemCount(); ++s) {
    const auto* study = topLevelItem(s);
    for (int n = 0; n < study->childCount(); ++n) {
      const auto* item = study->child(n);
      if (item->checkState(Name) == Qt::Checked)
        choices.push_back({study->data(Name, kUid).toString(), item->data(Name, kUid).toString(),
                           item->data(Name, kImages).toLongLong()});
    }
  }
  return choices;
}

void PacsResults::setProgress(const QString& series, qint64 done, qint64 total) {
  auto* item = find(series);
  if (!item) return;
  auto* bar = qobject_cast<QProgressBar*>(itemWidget(item, State));
  if (!bar) {
    bar = new QProgressBar(this);
    bar->setMaximumHeight(16);
    setItemWidget(item, State, bar);
  }
  bar->setRange(0, static_cast<int>(std::max<qint64>(total, 0)));
  bar->setValue(static_cast<int>(done));
  bar->setFormat(tr("%v of %m"));
}

void PacsResults::setState(const QString& series, const QString& words, const QString& reason) {
  auto* item = find(series);
  if (!item) return;
  const QSignalBlocker quiet(this);
  removeItemWidget(item, State);
  item->setText(State, words);
  item->setToolTip(State, reason);
}

QTreeWidgetItem* PacsResults::find(const QString& uid) const {
  const auto found = m_items.find(uid);
  return found == m_items.end() ? nullptr : found->second;
}

}  // namespace lorkd::workbench
