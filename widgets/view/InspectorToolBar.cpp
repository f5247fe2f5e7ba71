#include "widgets/view/InspectorToolBar.h"

#include <QAction>
#include <QActionGroup>
#include <QMenu>
#include <QToolButton>

#include "widgets/view/Glyphs.h"
#include "widgets/view/PresetDialog.h"
#include "widgets/view/TileView.h"
#include "widgets/view/VolumeView3D.h"

namespace lorkd::view {

InspectorToolBar::InspectorToolBar(Inspector* inspector, InspectorModel* model)
    : QToolBar(inspector), m_inspector(inspector), m_model(model), m_layouts(new QActionGroup(this)) {
  setObjectName("inspectorToolBar");
  setAccessibleName(tr("Inspector tools"));
  setIconSize({20, 20});
  setMovable(false);
  m_previous = add("previous", "previousCase", tr("Previous case"), tr("Previous case (Page Up)"));
  m_next = add("next", "nextCase", tr("Next case"), tr("Next case (Page Down)"));
  connect(m_previous, &QAction::triggered, inspector, &Inspector::previousCaseRequested);
  connect(m_next, &QAction::triggered, inspector, &Inspector::nextCaseRequested);
  addSeparator();
  addLayouts();
  addSeparator();
  addWindow();
  addSeparator();
  addCompare();
}

QAction* InspectorToolBar::add(const QString& icon, const QString& name, const QString& text, const QString& tip) {
  auto* action = addAction(glyph(icon), text);
  action->setObjectName(name);
  action->setToolTip(tip);
  auto* button = widgetForAction(action);
  button->setObjectName(name + "Button");
  button->setAccessibleName(text);
  return action;
}

QToolButton* InspectorToolBar::addMenu(const QString& icon, const QString& name, const QString& text,
                                       const QString& tip) {
  auto* button = new QToolButton(this);
  button->setObjectName(name);
  button->setAccessibleName(text);
  button->setText(text);
  button->setToolTip(tip);
  button->setIcon(glyph(icon));
  button->setPopupMode(QToolButton::InstantPopup);
  button->setMenu(new QMenu(button));
  addWidget(button);
  return button;
}

void InspectorToolBar::setCaseNavigation(bool previous, bool next) {
  m_previous->setEnabled(previous);
  m_next->setEnabled(next);
}

void InspectorToolBar::addLayouts() {
  const auto layout = [&](LayoutMode mode, const QString& icon, const QString& text, const QString& tip) {
    auto* action = add(icon, "layout:" + icon, text, tip);
    action->setCheckable(true);
    action->setChecked(mode == m_inspector->layoutMode());
    m_layouts->addAction(action);
    connect(action, &QAction::triggered, this, [this, mode] { m_inspector->setLayoutMode(mode); });
    connect(m_inspector, &Inspector::layoutModeChanged, action,
            [action, mode](LayoutMode now) { action->setChecked(now == mode); });
    return action;
  };
  layout(LayoutMode::FourUp, "four", tr("Four views"), tr("Axial, sagittal, coronal and 3D"));
  layout(LayoutMode::Axial, "axial", tr("Axial"), tr("Axial alone (double-click a view does the same)"));
  layout(LayoutMode::Sagittal, "sagittal", tr("Sagittal"), tr("Sagittal alone"));
  layout(LayoutMode::Coronal, "coronal", tr("Coronal"), tr("Coronal alone"));
  layout(LayoutMode::ThreeD, "cube", tr("3D"), tr("3D alone"));
  auto* tiles = layout(LayoutMode::Tiles, "tiles", tr("Tiles"), tr("One tile for each visible overlay"));
  auto* button = qobject_cast<QToolButton*>(widgetForAction(tiles));
  auto* planes = new QMenu(button);
  for (const auto& [plane, text] : {std::pair{scene::Plane::Axial, tr("Axial tiles")},
                                    {scene::Plane::Sagittal, tr("Sagittal tiles")},
                                    {scene::Plane::Coronal, tr("Coronal tiles")}})
    planes->addAction(text, this, [this, plane = plane] {
      m_inspector->setTilePlane(plane);
      m_inspector->setLayoutMode(LayoutMode::Tiles);
    });
  button->setMenu(planes);
  button->setPopupMode(QToolButton::MenuButtonPopup);
}

void InspectorToolBar::addWindow() {
  m_presets = addMenu("contrast", "windowPresets", tr("Grey window"), tr("Grey window (keys 1 to 9)"));
  m_presets->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  connect(m_presets->menu(), &QMenu::aboutToShow, this, &InspectorToolBar::fillPresets);
  const auto name = [this] {
    const int at = m_model->currentPreset();
    m_presets->setText(at < 0 ? tr("Grey window") : m_model->presets()[static_cast<std::size_t>(at)].name);
  };
  connect(m_model, &InspectorModel::windowChanged, this, name);
  connect(m_model, &InspectorModel::presetsChanged, this, name);
  fillPresets();

  auto* invert = add("invert", "invert", tr("Invert"), tr("Invert the greys (I)"));
  invert->setCheckable(true);
  connect(invert, &QAction::toggled, m_model, [this](bool on) {
    auto window = m_model->window();
    window.inverted = on;
    m_model->setWindow(window);
  });
  connect(m_model, &InspectorModel::windowChanged, invert,
          [this, invert] { invert->setChecked(m_model->window().inverted); });

  auto* reset = add("reset", "resetViews", tr("Reset"), tr("Reset zoom, pan and grey window (Space: this view)"));
  connect(reset, &QAction::triggered, m_model, [this] {
    for (const auto plane : {scene::Plane::Axial, scene::Plane::Sagittal, scene::Plane::Coronal})
      m_model->setPlaneZoom(plane, {});
    m_model->resetWindow();
  });

  auto* mouse = addMenu("crosshair", "mouseMenu", tr("Mouse"), tr("What the left button does, and the crosshair"));
  auto* schemes = new QActionGroup(mouse);
  for (const auto& [scheme, text] :
       {std::pair{MouseScheme::Pacs, tr("Left drag: grey window")}, {MouseScheme::Crosshair, tr("Left: crosshair")}}) {
    auto* action = mouse->menu()->addAction(text);
    action->setCheckable(true);
    action->setChecked(scheme == m_model->mouseScheme());
    schemes->addAction(action);
    connect(action, &QAction::triggered, m_model, [this, scheme = scheme] { m_model->setMouseScheme(scheme); });
    connect(m_model, &InspectorModel::mouseSchemeChanged, action,
            [this, action, scheme = scheme] { action->setChecked(m_model->mouseScheme() == scheme); });
  }
  mouse->menu()->addSeparator();
  auto* cross = mouse->menu()->addAction(tr("Show the crosshair (X)"));
  cross->setCheckable(true);
  cross->setChecked(m_model->crosshairVisible());
  connect(cross, &QAction::toggled, m_model, &InspectorModel::setCrosshairVisible);
  connect(m_model, &InspectorModel::crosshairChanged, cross,
          [this, cross] { cross->setChecked(m_model->crosshairVisible()); });
}

void InspectorToolBar::fillPresets() {
  auto* menu = m_presets->menu();
  menu->clear();
  int number = 1;
  for (const auto& preset : m_model->presets()) {
    auto* action =
        menu->addAction(tr("%1  %2  (W %3, L %4)").arg(number).arg(preset.name).arg(preset.width).arg(preset.center));
    action->setCheckable(true);
    action->setChecked(number - 1 == m_model->currentPreset());
    connect(action, &QAction::triggered, m_model,
            [this, at = static_cast<std::size_t>(number - 1)] { m_model->applyPreset(at); });
    ++number;
  }
  menu->addSeparator();
  menu->addAction(tr("The image's own window"), m_model, &InspectorModel::resetWindow);
  menu->addAction(tr("Edit presets…"), this, [this] {
    auto* dialog = new PresetDialog(m_model->presets(), m_model->window(), m_inspector);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, m_model, [this, dialog] { m_model->setPresets(dialog->presets()); });
    dialog->open();
  });
}

void InspectorToolBar::addCompare() {
  auto* show = add("layers", "showOverlays", tr("Overlays"), tr("Show or hide all overlays (G)"));
  show->setCheckable(true);
  show->setChecked(true);
  connect(show, &QAction::toggled, m_model, &InspectorModel::setOverlaysShown);
  connect(m_model, &InspectorModel::overlayStyleChanged, show,
          [this, show] { show->setChecked(m_model->overlaysShown()); });
  m_difference = addMenu("difference", "differenceMenu", tr("Difference"), tr("Difference map against the truth"));
  connect(m_difference->menu(), &QMenu::aboutToShow, this, &InspectorToolBar::fillDifference);
  fillDifference();
  m_view3D = addMenu("cube", "menu3D", tr("3D view"), tr("What the 3D view shows"));
}

void InspectorToolBar::fillDifference() {
  auto* menu = m_difference->menu();
  menu->clear();
  const auto add = [&](const QString& id, const QString& text) {
    auto* action = menu->addAction(text, this, [this, id] { m_inspector->setDifferenceOf(id); });
    action->setCheckable(true);
    action->setChecked(m_model->differenceOf() == id);
  };
  add({}, tr("No difference map"));
  for (const auto& overlay : m_model->overlays())
    if (overlay->source.role != OverlayRole::Truth)
      add(overlay->source.id, tr("%1 against the truth").arg(overlay->source.name));
}

void InspectorToolBar::connectViews() {
  auto* menu = m_view3D->menu();
  connect(menu, &QMenu::aboutToShow, this, &InspectorToolBar::fill3D);
  fill3D();
}

void InspectorToolBar::fill3D() {
  auto* menu = m_view3D->menu();
  auto* view = m_inspector->view3D();
  menu->clear();
  for (const auto& [mode, text] : {std::pair{Mode3D::Auto, tr("Surfaces, or the volume without overlays")},
                                   {Mode3D::Surfaces, tr("Surfaces")},
                                   {Mode3D::Volume, tr("Volume")},
                                   {Mode3D::Both, tr("Both")}}) {
    auto* action = menu->addAction(text, view, [view, mode = mode] { view->setMode(mode); });
    action->setCheckable(true);
    action->setChecked(view->mode() == mode);
  }
  menu->addSeparator();
  for (const auto& [preset, text] : {std::pair{scene::VolumePreset::Bones, tr("Volume: bones (CT)")},
                                     {scene::VolumePreset::Soft, tr("Volume: skin and soft tissue (CT)")},
                                     {scene::VolumePreset::Window, tr("Volume: grey window")}})
    menu->addAction(text, view, [view, preset = preset] { view->setVolumePreset(preset); });
  menu->addSeparator();
  for (const auto& [from, text] : {std::pair{image::Vec3{0, -1, 0}, tr("From the front")},
                                   {image::Vec3{0, 1, 0}, tr("From the back")},
                                   {image::Vec3{1, 0, 0}, tr("From the left")},
                                   {image::Vec3{-1, 0, 0}, tr("From the right")},
                                   {image::Vec3{0, 0, 1}, tr("From above")},
                                   {image::Vec3{0, 0, -1}, tr("From below")}})
    menu->addAction(text, view, [view, from = from] { view->lookFrom(from); });
  menu->addSeparator();
  auto* planes = menu->addAction(tr("Frames of the slices"), view, &VolumeView3D::setPlanesVisible);
  planes->setCheckable(true);
  planes->setChecked(view->planesVisible());
}

}  // namespace lorkd::view
