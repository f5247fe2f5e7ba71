#include "widgets/plot/CurveControls.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

namespace lorkd::plot {
namespace {

template <class W>
W* named(W* widget, const char* name, const QString& spoken) {
  widget->setObjectName(QLatin1String(name));
  widget->setAccessibleName(spoken);
  widget->setToolTip(spoken);
  return widget;
}

/// Fills a list, keeps the present choice if it is still there, and tells whether another one took its place.
bool offer(QComboBox* box, const QList<std::pair<QString, QString>>& items) {
  QStringList keys, present;
  for (const auto& [key, title] : items) keys << key;
  for (int i = 0; i < box->count(); ++i) present << box->itemData(i).toString();
  box->setVisible(items.size() > 1);
  if (keys == present) return false;
  const QString before = box->currentData().toString();
  const QSignalBlocker quiet(box);
  box->clear();
  for (const auto& [key, title] : items) box->addItem(title, key);
  box->setCurrentIndex(std::max(0, box->findData(before)));
  return box->currentData().toString() != before;
}

}  // namespace

CurveControls::CurveControls(CurvePlot* plot, QWidget* parent) : QWidget(parent), m_plot(plot) {
  m_quantity = named(new QComboBox(this), "quantity", tr("Quantity shown"));
  m_layout = named(new QComboBox(this), "layout", tr("A panel for each curve, or all curves together"));
  m_scope = named(new QComboBox(this), "scope", tr("Tasks, or the classes of one task"));
  m_scope->setVisible(false);
  for (auto* box : {m_quantity, m_scope}) box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  m_layout->addItem(tr("Side by side"), false);
  m_layout->addItem(tr("Together"), true);
  m_x = named(new QComboBox(this), "xAxis", tr("Horizontal axis"));
  m_x->addItem(tr("Step"));
  m_x->addItem(tr("Relative time"));
  m_x->addItem(tr("Wall time"));
  m_log = named(new QCheckBox(tr("Log y"), this), "logY", tr("Logarithmic vertical axis"));
  m_shared = named(new QCheckBox(tr("Same y"), this), "sharedY",
                   tr("One vertical range for all panels of a quantity; without it each has its own"));
  m_shared->setChecked(true);
  m_smoothingBox = new QWidget(this);
  m_smoothing = named(new QSlider(Qt::Horizontal, m_smoothingBox), "smoothing", tr("Smoothing, 0 to 0.99"));
  m_smoothing->setRange(0, 99);
  m_smoothing->setMinimumWidth(70);
  m_smoothing->setMaximumWidth(150);
  m_note = new QLabel(this);
  m_note->setObjectName(QStringLiteral("note"));
  m_smoothingValue = new QLabel(m_smoothingBox);
  m_smoothingValue->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("0.00 ")));
  auto* words = new QLabel(tr("S&moothing"), m_smoothingBox);
  words->setBuddy(m_smoothing);
  words->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
  auto* box = new QHBoxLayout(m_smoothingBox);
  box->setContentsMargins(0, 0, 0, 0);
  for (QWidget* widget :
       {static_cast<QWidget*>(words), static_cast<QWidget*>(m_smoothing), static_cast<QWidget*>(m_smoothingValue)})
    box->addWidget(widget);
  m_export = named(new QToolButton(this), "export", tr("Save as a picture or a table"));
  m_export->setText(tr("Export"));
  m_export->setPopupMode(QToolButton::InstantPopup);
  m_export->setToolButtonStyle(Qt::ToolButtonTextOnly);
  auto* menu = new QMenu(m_export);
  for (const char* suffix : {"png", "svg", "pdf", "csv"}) {
    auto* action = menu->addAction(QString::fromLatin1(suffix).toUpper() + QStringLiteral("…"));
    action->setObjectName(QStringLiteral("export.") + QLatin1String(suffix));
    connect(action, &QAction::triggered, this, [this, suffix] { askAndExport(QLatin1String(suffix)); });
  }
  m_export->setMenu(menu);

  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(6, 4, 6, 4);
  for (auto* widget : std::initializer_list<QWidget*>{m_quantity, m_scope, m_layout, m_x, m_shared, m_log})
    row->addWidget(widget);
  row->addStretch(1);
  row->addWidget(m_smoothingBox);
  row->addStretch(1);
  row->addWidget(m_note);
  row->addWidget(m_export);

  connect(m_smoothing, &QSlider::valueChanged, this, [this](int hundredths) {
    m_plot->setSmoothing(hundredths / 100.0);
    m_smoothingValue->setText(QString::number(hundredths / 100.0, 'f', 2));
  });
  m_smoothing->setValue(60);
  connect(m_log, &QCheckBox::toggled, m_plot, &CurvePlot::setLogY);
  connect(m_shared, &QCheckBox::toggled, m_plot, &CurvePlot::setSharedY);
  connect(m_x, &QComboBox::currentIndexChanged, this, [this](int i) { m_plot->setXAxis(static_cast<XAxis>(i)); });
  connect(m_quantity, &QComboBox::currentIndexChanged, this, &CurveControls::quantityChanged);
  connect(m_scope, &QComboBox::currentIndexChanged, this, &CurveControls::scopeChanged);
  connect(m_layout, &QComboBox::currentIndexChanged, this, &CurveControls::layoutChanged);
}

void CurveControls::setQuantities(const QList<std::pair<QString, QString>>& quantities) {
  if (offer(m_quantity, quantities)) Q_EMIT quantityChanged();
}

void CurveControls::setScopes(const QList<std::pair<QString, QString>>& scopes) {
  if (offer(m_scope, scopes)) Q_EMIT scopeChanged();
}

QString CurveControls::quantity() const { return m_quantity->currentData().toString(); }
QString CurveControls::scope() const { return m_scope->currentData().toString(); }
bool CurveControls::together() const { return m_layout->currentData().toBool(); }
void CurveControls::setTogether(bool on) { m_layout->setCurrentIndex(m_layout->findData(on)); }
void CurveControls::setNote(const QString& note) { m_note->setText(note); }
void CurveControls::setSmoothingVisible(bool visible) { m_smoothingBox->setVisible(visible); }

Result<void> CurveControls::exportTo(const QString& path) {
  if (QFileInfo(path).suffix().compare(QLatin1String("csv"), Qt::CaseInsensitive) == 0)
    return saveText(path, m_plot->csv());
  return savePicture(path, *m_plot);
}

void CurveControls::askAndExport(const QString& suffix) {
  QString path = m_ask(this, tr("Export"), QStringLiteral("curves.") + suffix,
                       tr("%1 files (*.%2)").arg(suffix.toUpper(), suffix));
  if (path.isEmpty()) return;
  if (QFileInfo(path).suffix().isEmpty()) path += QLatin1Char('.') + suffix;
  if (auto done = exportTo(path); !done) {
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Export"), QString::fromStdString(done.error().text()),
                                QMessageBox::Ok, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
  }
}

}  // namespace lorkd::plot
