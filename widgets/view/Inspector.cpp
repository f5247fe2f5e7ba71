#include "widgets/view/Inspector.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>

#include "widgets/view/InspectorToolBar.h"
#include "widgets/view/OverlayPanel.h"
#include "widgets/view/Readout.h"
#include "widgets/view/SliceView.h"
#include "widgets/view/TileView.h"
#include "widgets/view/VolumeView3D.h"

namespace lorkd::view {

namespace {

/// Behind pictures it is dark whatever the palette: bright surroundings take contrast from the greys.
void makeCanvas(QWidget* widget) {
  QPalette palette = widget->palette();
  palette.setColor(QPalette::Window, QColor(0x22, 0x24, 0x28));
  palette.setColor(QPalette::WindowText, QColor(0xB8, 0xBD, 0xC6));
  widget->setPalette(palette);
  widget->setAutoFillBackground(true);
}

}  // namespace

Inspector::Inspector(QWidget* parent) : QWidget(parent), m_model(new InspectorModel(this)) {
  setObjectName("inspector");
  setAccessibleName(tr("Inspector"));
  setFocusPolicy(Qt::StrongFocus);
  m_toolBar = new InspectorToolBar(this, m_model);
  m_splitter = new QSplitter(Qt::Horizontal, this);
  m_pages = new QStackedWidget(m_splitter);
  makeCanvas(m_pages);
  m_hint = new QLabel(tr("Open a case from the list to see it here."), m_pages);
  m_hint->setObjectName("emptyHint");
  m_hint->setAccessibleName(tr("Hint"));
  m_hint->setAlignment(Qt::AlignCenter);
  m_hint->setWordWrap(true);
  QFont large = m_hint->font();
  large.setPointSizeF(large.pointSizeF() * 1.25);
  m_hint->setFont(large);
  m_grid = new QWidget(m_pages);
  m_tiles = new TileView(m_model, m_pages);
  for (QWidget* page : {static_cast<QWidget*>(m_hint), m_grid, static_cast<QWidget*>(m_tiles)})
    m_pages->addWidget(page);
  m_panel = new OverlayPanel(m_model, m_splitter);
  m_splitter->addWidget(m_pages);
  m_splitter->addWidget(m_panel);
  m_splitter->setStretchFactor(0, 1);
  m_splitter->setStretchFactor(1, 0);
  m_splitter->setCollapsible(0, false);

  m_readout = new QLabel(this);
  m_readout->setObjectName("readout");
  m_readout->setAccessibleName(tr("Read-out"));
  m_readout->setTextFormat(Qt::PlainText);
  m_readout->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);  // a long list of labels may not widen the window
  m_status = new QLabel(this);
  m_status->setObjectName("inspectorStatus");
  m_status->setAccessibleName(tr("Status"));
  auto* line = new QHBoxLayout;
  line->setContentsMargins(8, 3, 8, 3);
  line->addWidget(m_readout, 1);
  line->addWidget(m_status);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(m_toolBar);
  box->addWidget(m_splitter, 1);
  box->addLayout(line);
  makeViews();
  m_toolBar->connectViews();

  connect(m_model, &InspectorModel::cursorChanged, this, [this](const image::Vec3& lps) {
    showMessage({});
    showStatus();
    Q_EMIT cursorChanged(lps);
  });
  connect(m_model, &InspectorModel::pointerChanged, this, [this] { showMessage({}); });
  connect(m_model, &InspectorModel::overlaysChanged, this, &Inspector::showReadout);
  connect(m_model, &InspectorModel::overlayStyleChanged, this, &Inspector::showReadout);
  connect(m_model, &InspectorModel::volumeChanged, this, &Inspector::refreshPage);
  connect(m_model, &InspectorModel::busyChanged, this, &Inspector::showStatus);
  connect(m_model, &InspectorModel::overlayStyleChanged, this, &Inspector::showStatus);
  connect(m_model, &InspectorModel::problem, this, &Inspector::showMessage);
  connect(m_view3D, &VolumeView3D::problem, this, &Inspector::showMessage);
  refreshPage();
}

Inspector::~Inspector() {
  // The views look at the model when they close; it goes last.
  delete m_splitter;
}

void Inspector::makeViews() {
  auto* grid = new QGridLayout(m_grid);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(2);
  const auto maximise = [this](LayoutMode alone) { setLayoutMode(m_mode == alone ? m_restoreMode : alone); };
  const std::array modes{LayoutMode::Axial, LayoutMode::Sagittal, LayoutMode::Coronal};
  const std::array names{"sliceAxial", "sliceSagittal", "sliceCoronal"};
  for (std::size_t p = 0; p < 3; ++p) {
    auto* view = new SliceView(m_model, static_cast<scene::Plane>(p), m_grid);
    view->setObjectName(names[p]);
    grid->addWidget(view, static_cast<int>(p / 2), static_cast<int>(p % 2));
    connect(view, &SliceView::maximiseRequested, this, [maximise, mode = modes[p]] { maximise(mode); });
    m_slices[p] = view;
  }
  m_view3D = new VolumeView3D(m_model, m_grid);
  m_view3D->setObjectName("view3D");
  grid->addWidget(m_view3D, 1, 1);
  for (int i = 0; i < 2; ++i) {
    grid->setRowStretch(i, 1);
    grid->setColumnStretch(i, 1);
  }
  connect(m_view3D, &VolumeView3D::maximiseRequested, this, [maximise] { maximise(LayoutMode::ThreeD); });
}

void Inspector::setVolume(std::shared_ptr<const image::Volume> volume) { m_model->setVolume(std::move(volume)); }
void Inspector::setOverlays(std::vector<Overlay> overlays) { m_model->setOverlays(std::move(overlays)); }
image::Vec3 Inspector::cursor() const { return m_model->cursor(); }
void Inspector::setCursor(const image::Vec3& lps) { m_model->setCursor(lps); }
scene::Plane Inspector::tilePlane() const { return m_tiles->plane(); }
void Inspector::setTilePlane(scene::Plane plane) { m_tiles->setPlane(plane); }
void Inspector::setDifferenceOf(const QString& overlayId) { m_model->setDifferenceOf(overlayId); }
void Inspector::setEmptyHint(const QString& text) { m_hint->setText(text); }
void Inspector::setCaseNavigation(bool previous, bool next) { m_toolBar->setCaseNavigation(previous, next); }

void Inspector::setLayoutMode(LayoutMode mode) {
  if (mode != m_mode && (m_mode == LayoutMode::FourUp || m_mode == LayoutMode::Tiles)) m_restoreMode = m_mode;
  m_mode = mode;
  refreshPage();
  Q_EMIT layoutModeChanged(mode);
}

void Inspector::refreshPage() {
  const bool all = m_mode == LayoutMode::FourUp;
  auto* grid = static_cast<QGridLayout*>(m_grid->layout());
  const std::array<std::pair<QWidget*, LayoutMode>, 4> views{{{m_slices[0], LayoutMode::Axial},
                                                              {m_slices[1], LayoutMode::Sagittal},
                                                              {m_slices[2], LayoutMode::Coronal},
                                                              {m_view3D, LayoutMode::ThreeD}}};
  for (int i = 0; i < 4; ++i) {
    const auto& [view, alone] = views[static_cast<std::size_t>(i)];
    view->setVisible(all || m_mode == alone);
    // An empty row or column must not keep its half.
    grid->setRowStretch(i / 2, all ? 1 : 0);
    grid->setColumnStretch(i % 2, all ? 1 : 0);
  }
  m_pages->setCurrentWidget(!m_model->volume()            ? static_cast<QWidget*>(m_hint)
                            : m_mode == LayoutMode::Tiles ? static_cast<QWidget*>(m_tiles)
                                                          : m_grid);
  if (!m_model->volume()) m_message.clear();
  showReadout();
  showStatus();
}

void Inspector::showReadout() {
  m_readout->setText(m_message.isEmpty() ? readoutLine(*m_model) : m_message);
  m_readout->setToolTip(m_message.isEmpty() && m_model->volume() ? currentSample(*m_model).labels.join('\n')
                                                                 : m_message);
}

void Inspector::showStatus() {
  m_status->setText(m_model->busy() ? tr("Preparing overlays…") : m_model->currentClass());
}

void Inspector::showMessage(const QString& text) {
  m_message = text;
  showReadout();
}

void Inspector::keyPressEvent(QKeyEvent* event) {
  const int key = event->key();
  if (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) {
    event->ignore();
    return;
  }
  if (key >= Qt::Key_1 && key <= Qt::Key_9) {
    m_model->applyPreset(static_cast<std::size_t>(key - Qt::Key_1));
    return;
  }
  auto window = m_model->window();
  switch (key) {
    case Qt::Key_I:
      window.inverted = !window.inverted;
      m_model->setWindow(window);
      break;
    case Qt::Key_G:
      m_model->setOverlaysShown(!m_model->overlaysShown());
      break;
    case Qt::Key_A:
      m_model->changeOpacity(-0.1);
      break;
    case Qt::Key_D:
      m_model->changeOpacity(0.1);
      break;
    case Qt::Key_Comma:
      m_model->stepClass(-1);
      break;
    case Qt::Key_Period:
      m_model->stepClass(1);
      break;
    case Qt::Key_X:
      m_model->setCrosshairVisible(!m_model->crosshairVisible());
      break;
    case Qt::Key_PageUp:
      Q_EMIT previousCaseRequested();
      break;
    case Qt::Key_PageDown:
      Q_EMIT nextCaseRequested();
      break;
    default:
      QWidget::keyPressEvent(event);
  }
}

void Inspector::saveSettings(QSettings& settings) const {
  settings.beginGroup("inspector");
  settings.setValue("mouse", m_model->mouseScheme() == MouseScheme::Pacs ? "pacs" : "crosshair");
  settings.setValue("crosshair", m_model->crosshairVisible());
  settings.setValue("splitter", m_splitter->saveState());
  settings.beginWriteArray("presets");
  for (int i = 0; const auto& preset : m_model->presets()) {
    settings.setArrayIndex(i++);
    settings.setValue("name", preset.name);
    settings.setValue("width", preset.width);
    settings.setValue("level", preset.center);
  }
  settings.endArray();
  settings.endGroup();
}

void Inspector::restoreSettings(QSettings& settings) {
  settings.beginGroup("inspector");
  m_model->setMouseScheme(settings.value("mouse", "pacs") == "crosshair" ? MouseScheme::Crosshair : MouseScheme::Pacs);
  m_model->setCrosshairVisible(settings.value("crosshair", true).toBool());
  m_splitter->restoreState(settings.value("splitter").toByteArray());
  std::vector<WindowPreset> presets;
  const int count = settings.beginReadArray("presets");
  for (int i = 0; i < count; ++i) {
    settings.setArrayIndex(i);
    const double width = settings.value("width").toDouble();
    if (width > 0) presets.push_back({settings.value("name").toString(), settings.value("level").toDouble(), width});
  }
  settings.endArray();
  settings.endGroup();
  if (!presets.empty()) m_model->setPresets(std::move(presets));
}

}  // namespace lorkd::view
