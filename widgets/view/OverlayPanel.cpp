#include "widgets/view/OverlayPanel.h"

#include <QColorDialog>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QProxyStyle>
#include <QSignalBlocker>
#include <QSlider>
#include <QStyleOption>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "widgets/view/Glyphs.h"
#include "widgets/view/InspectorModel.h"
#include "widgets/view/Readout.h"
#include "widgets/view/Swatch.h"

namespace lorkd::view {

namespace {
/// Eyes for check marks: they say what the mark does, and an unchecked one is seen on dark palettes too.
class EyeStyle final : public QProxyStyle {
 public:
  using QProxyStyle::QProxyStyle;
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
    if (element == PE_IndicatorItemViewItemCheck)
      glyph(option->state & State_On ? "eye" : "eyeOff")
          .paint(painter, option->rect, Qt::AlignCenter,
                 option->state & State_Selected ? QIcon::Selected : QIcon::Normal);
    else
      QProxyStyle::drawPrimitive(element, option, painter, widget);
  }
};

constexpr int idRole = Qt::UserRole, classRole = Qt::UserRole + 1;  // classRole: position in the overlay's classes
}  // namespace

OverlayPanel::OverlayPanel(InspectorModel* model, QWidget* parent)
    : QWidget(parent),
      m_model(model),
      m_tree(new QTreeWidget(this)),
      m_empty(new QLabel(this)),
      m_legend(new QWidget(this)) {
  setObjectName("overlayPanel");
  setAccessibleName(tr("Overlays"));
  m_tree->setObjectName("overlayTree");
  m_tree->setAccessibleName(tr("Overlays and classes"));
  auto* eyes = new EyeStyle;
  eyes->setParent(this);
  m_tree->setStyle(eyes);
  m_tree->setColumnCount(2);
  m_tree->setHeaderLabels({tr("Overlay"), tr("Opacity")});
  m_tree->header()->setStretchLastSection(false);
  m_tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_tree->header()->setSectionResizeMode(1, QHeaderView::Fixed);
  m_tree->header()->resizeSection(1, 88);
  m_tree->setUniformRowHeights(true);
  m_tree->setIndentation(14);
  m_tree->setFrameShape(QFrame::NoFrame);
  m_empty->setText(tr("No overlays. Truth and predictions of the open case are listed here."));
  m_empty->setWordWrap(true);
  m_empty->setAlignment(Qt::AlignCenter);
  m_empty->setMargin(20);
  m_empty->setForegroundRole(QPalette::PlaceholderText);
  m_legend->setObjectName("overlayLegend");
  m_legend->setAccessibleName(tr("Legend"));
  auto* key = new QHBoxLayout(m_legend);
  key->setContentsMargins(10, 4, 10, 6);
  for (const auto& [outlined, text] : {std::pair{true, tr("truth: outlined")}, {false, tr("prediction: filled")}}) {
    auto* picture = new QLabel(m_legend);
    picture->setPixmap(swatch(QColor(0x56, 0xB4, 0xE9), 0, outlined).pixmap(QSize(16, 16), devicePixelRatioF()));
    key->addWidget(picture);
    key->addWidget(new QLabel(text, m_legend));
    key->addSpacing(8);
  }
  key->addStretch();
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(m_tree);
  box->addWidget(m_legend);
  box->addWidget(m_empty, 1);
  connect(model, &InspectorModel::overlaysChanged, this, &OverlayPanel::rebuild);
  connect(model, &InspectorModel::overlayStyleChanged, this, &OverlayPanel::restyle);
  connect(m_tree, &QTreeWidget::itemChanged, this, &OverlayPanel::onChanged);
  connect(m_tree, &QTreeWidget::itemDoubleClicked, this, &OverlayPanel::onActivated);
  connect(m_tree, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item, int column) {
    if (column == 0) goTo(item);
  });
  rebuild();
}

void OverlayPanel::rebuild() {
  m_filling = true;
  m_tree->clear();
  const auto volume = m_model->volume();
  for (const auto& overlay : m_model->overlays()) {
    const auto id = overlay->source.id;
    auto* top = new QTreeWidgetItem(m_tree, {overlay->source.name});
    top->setData(0, idRole, id);
    top->setData(0, classRole, -1);
    top->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemIsSelectable);
    QFont bold = top->font(0);
    bold.setBold(true);
    top->setFont(0, bold);
    auto* slider = new QSlider(Qt::Horizontal, m_tree);
    slider->setObjectName("opacity:" + id);
    slider->setAccessibleName(tr("Opacity of %1").arg(overlay->source.name));
    slider->setToolTip(overlay->source.role == OverlayRole::Truth
                           ? tr("Opacity of the filling; at 0 the truth is its outline alone")
                           : tr("Opacity of the filling (A and D change all visible overlays)"));
    slider->setRange(0, 100);
    slider->setFocusPolicy(Qt::TabFocus);
    connect(slider, &QSlider::valueChanged, this,
            [this, id](int value) { m_model->setOverlayOpacity(id, value / 100.0); });
    m_tree->setItemWidget(top, 1, slider);
    for (std::size_t c = 0; c < overlay->source.classes.size(); ++c) {
      auto* row = new QTreeWidgetItem(top, {overlay->source.classes[c].name});
      row->setData(0, idRole, id);
      row->setData(0, classRole, static_cast<int>(c));
      row->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemIsSelectable);
      row->setToolTip(0, tr("Click: go there. Double-click: another colour in this window."));
      const auto* extent = overlay->extent(c);
      const auto& s = volume->geometry.spacing;
      const double ml = extent ? static_cast<double>(extent->voxels) * s[0] * s[1] * s[2] / 1000 : 0;
      row->setText(1, extent ? amountText(ml, volume->geometry) : tr("none"));
      row->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
      row->setForeground(1, palette().placeholderText());
    }
    top->setExpanded(overlay->source.classes.size() <= 12);
  }
  m_filling = false;
  const bool empty = m_model->overlays().empty();
  m_tree->setVisible(!empty);
  m_legend->setVisible(!empty);
  m_empty->setVisible(empty);
  restyle();
}

void OverlayPanel::restyle() {
  m_filling = true;
  for (int i = 0; i < m_tree->topLevelItemCount(); ++i) {
    auto* top = m_tree->topLevelItem(i);
    const auto overlay = m_model->overlay(top->data(0, idRole).toString());
    if (!overlay) continue;
    top->setCheckState(0, overlay->source.visible ? Qt::Checked : Qt::Unchecked);
    if (auto* slider = qobject_cast<QSlider*>(m_tree->itemWidget(top, 1))) {
      const QSignalBlocker quiet(slider);
      slider->setValue(qRound(overlay->source.opacity * 100));
    }
    for (int c = 0; c < top->childCount(); ++c) {
      const auto& k = overlay->source.classes[static_cast<std::size_t>(c)];
      top->child(c)->setCheckState(0, k.visible ? Qt::Checked : Qt::Unchecked);
      top->child(c)->setIcon(0, swatch(k.color, k.pattern, overlay->source.role == OverlayRole::Truth));
    }
  }
  m_filling = false;
}

void OverlayPanel::onChanged(QTreeWidgetItem* item, int column) {
  if (m_filling || column != 0) return;
  const auto id = item->data(0, idRole).toString();
  const int c = item->data(0, classRole).toInt();
  const bool checked = item->checkState(0) == Qt::Checked;
  const auto overlay = m_model->overlay(id);
  if (!overlay) return;
  if (c < 0)
    m_model->setOverlayVisible(id, checked);
  else
    m_model->setClassVisible(id, overlay->source.classes[static_cast<std::size_t>(c)].value, checked);
}

void OverlayPanel::goTo(QTreeWidgetItem* item) {
  const int c = item->data(0, classRole).toInt();
  const auto overlay = m_model->overlay(item->data(0, idRole).toString());
  if (c < 0 || !overlay) return;
  if (const auto* extent = overlay->extent(static_cast<std::size_t>(c)))
    m_model->setCursor(m_model->volume()->geometry.indexToLps({static_cast<double>(extent->middle[0]),
                                                               static_cast<double>(extent->middle[1]),
                                                               static_cast<double>(extent->middle[2])}));
}

void OverlayPanel::onActivated(QTreeWidgetItem* item, int column) {
  const int c = item->data(0, classRole).toInt();
  const auto overlay = m_model->overlay(item->data(0, idRole).toString());
  if (c < 0 || column != 0 || !overlay) return;
  const auto& k = overlay->source.classes[static_cast<std::size_t>(c)];
  auto* dialog = new QColorDialog(k.color, this);
  dialog->setObjectName("classColor");
  dialog->setWindowTitle(tr("Colour of %1").arg(k.name));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QColorDialog::colorSelected, m_model,
          [model = m_model, name = k.name](const QColor& color) { model->setClassColor(name, color); });
  dialog->open();
}

}  // namespace lorkd::view
