#include "widgets/scene/VolumeScene.h"

#include <vtkActor.h>
#include <vtkCamera.h>
#include <vtkCellArray.h>
#include <vtkColorTransferFunction.h>
#include <vtkGPUVolumeRayCastMapper.h>
#include <vtkImageData.h>
#include <vtkLight.h>
#include <vtkMatrix4x4.h>
#include <vtkPiecewiseFunction.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkRenderer.h>
#include <vtkVolume.h>
#include <vtkVolumeProperty.h>

#include <cmath>
#include <map>

#include "widgets/scene/VtkImage.h"

namespace lorkd::scene {

namespace {

vtkSmartPointer<vtkActor> lineActor(const Rgb& color, float width) {
  vtkNew<vtkPolyDataMapper> mapper;
  mapper->SetInputData(vtkSmartPointer<vtkPolyData>::New());
  auto actor = vtkSmartPointer<vtkActor>::New();
  actor->SetMapper(mapper);
  actor->GetProperty()->LightingOff();
  actor->GetProperty()->SetColor(color[0], color[1], color[2]);
  actor->GetProperty()->SetLineWidth(width);
  return actor;
}

void setLines(vtkActor* actor, const std::vector<std::pair<image::Vec3, image::Vec3>>& segments) {
  vtkNew<vtkPoints> points;
  vtkNew<vtkCellArray> lines;
  for (const auto& [from, to] : segments) {
    const std::array<vtkIdType, 2> ids{points->InsertNextPoint(from.data()), points->InsertNextPoint(to.data())};
    lines->InsertNextCell(2, ids.data());
  }
  vtkNew<vtkPolyData> data;
  data->SetPoints(points);
  data->SetLines(lines);
  static_cast<vtkPolyDataMapper*>(actor->GetMapper())->SetInputData(data);
}

}  // namespace

Rgb planeColor(Plane plane) {
  constexpr double full = 200.0 / 255;
  switch (plane) {
    case Plane::Axial:
      return {full, 0, 0};
    case Plane::Sagittal:
      return {full, full, 0};
    default:
      return {0, full, 0};
  }
}

struct VolumeScene::Impl {
  vtkNew<vtkRenderer> renderer;
  vtkNew<vtkVolume> volume;
  vtkNew<vtkGPUVolumeRayCastMapper> mapper;
  vtkSmartPointer<vtkImageData> image;
  bool volumeVisible = false;
  bool hasGrid = false;
  bool planesVisible = true;
  image::Geometry grid;
  vtkSmartPointer<vtkActor> box = lineActor({0.36, 0.38, 0.42}, 1);
  std::array<vtkSmartPointer<vtkActor>, 3> planes;
  std::map<vtkSmartPointer<vtkPolyData>, vtkSmartPointer<vtkActor>> surfaces;

  void showVolume() { volume->SetVisibility(volumeVisible && image); }

  image::Vec3 middle() const {
    return grid.indexToLps({0.5 * (grid.size[0] - 1), 0.5 * (grid.size[1] - 1), 0.5 * (grid.size[2] - 1)});
  }

  double radius() const {
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) sum += std::pow(grid.spacing[a] * static_cast<double>(grid.size[a]), 2);
    return 0.5 * std::sqrt(sum);
  }

  void clip() const {
    // The whole box stays inside, however it is turned or panned.
    auto* camera = renderer->GetActiveCamera();
    const auto centre = middle();
    std::array<double, 3> p{}, d{};
    camera->GetPosition(p.data());
    camera->GetDirectionOfProjection(d.data());
    double depth = 0;
    for (std::size_t a = 0; a < 3; ++a) depth += (centre[a] - p[a]) * d[a];
    const double r = 1.05 * radius();
    camera->SetClippingRange(std::max(depth - r, 0.01 * r), std::max(depth + r, 0.02 * r));
  }
};

VolumeScene::VolumeScene() : m_impl(std::make_unique<Impl>()) {
  auto& m = *m_impl;
  m.renderer->SetBackground(0.043, 0.047, 0.055);
  m.renderer->SetBackground2(0.12, 0.13, 0.15);
  m.renderer->GradientBackgroundOn();
  m.renderer->AddActor(m.box);
  for (int p = 0; p < 3; ++p) {
    m.planes[static_cast<std::size_t>(p)] = lineActor(planeColor(static_cast<Plane>(p)), 1.5F);
    m.renderer->AddActor(m.planes[static_cast<std::size_t>(p)]);
  }
  m.mapper->SetAutoAdjustSampleDistances(0);
  m.volume->SetMapper(m.mapper);
  m.volume->GetProperty()->ShadeOn();
  m.volume->GetProperty()->SetAmbient(0.25);
  m.volume->GetProperty()->SetDiffuse(0.85);
  m.volume->GetProperty()->SetSpecular(0.15);
  m.volume->GetProperty()->SetInterpolationTypeToLinear();
  m.volume->SetVisibility(0);
  m.renderer->AddVolume(m.volume);
  setGrid(nullptr);
}

VolumeScene::~VolumeScene() = default;
vtkRenderer* VolumeScene::renderer() const { return m_impl->renderer; }
bool VolumeScene::drawsVolume() const { return m_impl->volume->GetVisibility() != 0; }

void VolumeScene::setGrid(const image::Geometry* geometry) {
  auto& m = *m_impl;
  setSurfaces({});
  setVolume(nullptr);
  m.hasGrid = geometry != nullptr;
  m.box->SetVisibility(m.hasGrid);
  for (auto& plane : m.planes) plane->SetVisibility(m.hasGrid && m.planesVisible);
  if (!geometry) return;
  m.grid = *geometry;
  std::vector<std::pair<image::Vec3, image::Vec3>> edges;
  for (int from = 0; from < 8; ++from)
    for (std::size_t a = 0; a < 3; ++a) {
      if (from & (1 << a)) continue;
      const auto corner = [&](int bits) {
        image::Vec3 index{};
        for (std::size_t b = 0; b < 3; ++b)
          index[b] = bits & (1 << b) ? static_cast<double>(m.grid.size[b]) - 0.5 : -0.5;
        return m.grid.indexToLps(index);
      };
      edges.emplace_back(corner(from), corner(from | (1 << a)));
    }
  setLines(m.box, edges);
  lookFrom({0.35, -1, 0.25});
}

void VolumeScene::setSurfaces(const std::vector<SurfaceItem>& surfaces) {
  auto& m = *m_impl;
  // Actors of surfaces that stay are kept: a new one would send its triangles to the graphics card again.
  auto before = std::move(m.surfaces);
  m.surfaces.clear();
  for (const auto& item : surfaces) {
    if (!item.surface) continue;
    auto& actor = m.surfaces[item.surface];
    if (const auto known = before.extract(item.surface); !known.empty()) {
      actor = known.mapped();
    } else if (!actor) {
      vtkNew<vtkPolyDataMapper> mapper;
      mapper->SetInputData(item.surface);
      mapper->ScalarVisibilityOff();
      actor = vtkSmartPointer<vtkActor>::New();
      actor->SetMapper(mapper);
      m.renderer->AddActor(actor);
    }
    auto* property = actor->GetProperty();
    property->SetColor(item.color[0], item.color[1], item.color[2]);
    property->SetOpacity(item.opacity);
    property->SetAmbient(0.12);
    property->SetDiffuse(0.85);
    property->SetSpecular(0.18);
    property->SetSpecularPower(18);
  }
  for (const auto& [surface, actor] : before) m.renderer->RemoveActor(actor);
}

void VolumeScene::setVolume(vtkSmartPointer<vtkImageData> reduced) {
  auto& m = *m_impl;
  m.image = std::move(reduced);
  if (m.image) {
    m.mapper->SetInputData(m.image);
    m.volume->SetUserMatrix(gridToLps(m.grid));
    const auto* spacing = m.image->GetSpacing();
    m.mapper->SetSampleDistance(static_cast<float>(0.6 * std::min({spacing[0], spacing[1], spacing[2]})));
  }
  m.showVolume();
}

void VolumeScene::setVolumeVisible(bool visible) {
  m_impl->volumeVisible = visible;
  m_impl->showVolume();
}

void VolumeScene::setVolumePreset(VolumePreset preset, double low, double high) {
  vtkNew<vtkColorTransferFunction> color;
  vtkNew<vtkPiecewiseFunction> opacity;
  switch (preset) {
    case VolumePreset::Bones:
      color->AddRGBPoint(-3000, 0.3, 0.15, 0.1);
      color->AddRGBPoint(120, 0.78, 0.52, 0.38);
      color->AddRGBPoint(280, 0.94, 0.82, 0.66);
      color->AddRGBPoint(1000, 1, 0.98, 0.94);
      for (const auto& [hu, alpha] : {std::pair{-3000.0, 0.0}, {110.0, 0.0}, {230.0, 0.35}, {1200.0, 0.85}})
        opacity->AddPoint(hu, alpha);
      break;
    case VolumePreset::Soft:
      color->AddRGBPoint(-400, 0.55, 0.35, 0.28);
      color->AddRGBPoint(-50, 0.85, 0.62, 0.5);
      color->AddRGBPoint(80, 0.8, 0.36, 0.28);
      color->AddRGBPoint(400, 1, 0.96, 0.88);
      for (const auto& [hu, alpha] :
           {std::pair{-3000.0, 0.0}, {-350.0, 0.0}, {-150.0, 0.25}, {80.0, 0.45}, {400.0, 0.9}})
        opacity->AddPoint(hu, alpha);
      break;
    case VolumePreset::Window:
      color->AddRGBPoint(low, 0.1, 0.1, 0.12);
      color->AddRGBPoint(high, 1, 1, 1);
      opacity->AddPoint(low + 0.2 * (high - low), 0);
      opacity->AddPoint(high, 0.5);
      break;
  }
  auto* property = m_impl->volume->GetProperty();
  property->SetColor(color);
  property->SetScalarOpacity(opacity);
}

void VolumeScene::setCursor(const image::Vec3& lps) {
  auto& m = *m_impl;
  if (!m.hasGrid) return;
  const auto at = m.grid.lpsToIndex(lps);
  for (int p = 0; p < 3; ++p) {
    const auto frame = SliceFrame::of(m.grid, static_cast<Plane>(p));
    const auto r = static_cast<std::size_t>(frame.right), u = static_cast<std::size_t>(frame.up);
    std::array<image::Vec3, 4> corners;
    for (std::size_t c = 0; c < 4; ++c) {
      auto index = at;
      index[r] = c == 1 || c == 2 ? static_cast<double>(m.grid.size[r]) - 0.5 : -0.5;
      index[u] = c >= 2 ? static_cast<double>(m.grid.size[u]) - 0.5 : -0.5;
      corners[c] = m.grid.indexToLps(index);
    }
    setLines(m.planes[static_cast<std::size_t>(p)],
             {{corners[0], corners[1]}, {corners[1], corners[2]}, {corners[2], corners[3]}, {corners[3], corners[0]}});
  }
}

void VolumeScene::setPlanesVisible(bool visible) {
  m_impl->planesVisible = visible;
  for (auto& plane : m_impl->planes) plane->SetVisibility(visible && m_impl->hasGrid);
}

void VolumeScene::setRayDistance(double pixels) { m_impl->mapper->SetImageSampleDistance(static_cast<float>(pixels)); }

void VolumeScene::lookFrom(const image::Vec3& lps) {
  auto& m = *m_impl;
  if (!m.hasGrid) return;
  auto* camera = m.renderer->GetActiveCamera();
  const auto focus = m.middle();
  const double length = std::hypot(lps[0], lps[1], lps[2]);
  camera->SetViewAngle(30);
  const double distance = 0.92 * m.radius() / std::sin(15.0 * M_PI / 180);
  camera->SetFocalPoint(focus.data());
  camera->SetPosition(focus[0] + lps[0] / length * distance, focus[1] + lps[1] / length * distance,
                      focus[2] + lps[2] / length * distance);
  // From straight above or below, superior cannot be up; anterior is, as in axial slices.
  if (std::abs(lps[2]) > 0.95 * length)
    camera->SetViewUp(0, -1, 0);
  else
    camera->SetViewUp(0, 0, 1);
  camera->OrthogonalizeViewUp();
  m.clip();
}

void VolumeScene::turn(double right, double up) {
  auto* camera = m_impl->renderer->GetActiveCamera();
  camera->Azimuth(-right);
  camera->Elevation(-up);
  camera->OrthogonalizeViewUp();
  m_impl->clip();
}

void VolumeScene::zoom(double factor) {
  m_impl->renderer->GetActiveCamera()->Dolly(factor);
  m_impl->clip();
}

void VolumeScene::pan(double right, double up) {
  auto* camera = m_impl->renderer->GetActiveCamera();
  const double height = 2 * camera->GetDistance() * std::tan(0.5 * camera->GetViewAngle() * M_PI / 180);
  std::array<double, 3> position{}, focus{}, upward{}, forward{};
  camera->GetPosition(position.data());
  camera->GetFocalPoint(focus.data());
  camera->GetViewUp(upward.data());
  camera->GetDirectionOfProjection(forward.data());
  for (std::size_t a = 0; a < 3; ++a) {
    const auto b = (a + 1) % 3, c = (a + 2) % 3;
    const double rightward = forward[b] * upward[c] - forward[c] * upward[b];
    const double move = -height * (right * rightward + up * upward[a]);
    position[a] += move;
    focus[a] += move;
  }
  camera->SetPosition(position.data());
  camera->SetFocalPoint(focus.data());
  m_impl->clip();
}

std::array<std::array<double, 3>, 3> VolumeScene::axesOnScreen() const {
  auto* view = m_impl->renderer->GetActiveCamera()->GetViewTransformMatrix();
  std::array<std::array<double, 3>, 3> axes{};
  for (int axis = 0; axis < 3; ++axis)
    for (int row = 0; row < 3; ++row)
      axes[static_cast<std::size_t>(axis)][static_cast<std::size_t>(row)] = view->GetElement(row, axis);
  return axes;
}

}  // namespace lorkd::scene
