#include "widgets/scene/SliceScene.h"

#include <vtkActor.h>
#include <vtkCamera.h>
#include <vtkImageData.h>
#include <vtkImageProperty.h>
#include <vtkImageSlice.h>
#include <vtkImageSliceMapper.h>
#include <vtkImageStack.h>
#include <vtkLookupTable.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkRenderer.h>

#include <algorithm>
#include <cmath>

#include "widgets/scene/SliceHatch.h"
#include "widgets/scene/SliceOutline.h"
#include "widgets/scene/VtkImage.h"

namespace lorkd::scene {

namespace {

/// Image or labels of one layer in the stack.
struct Slab {
  vtkSmartPointer<vtkImageSliceMapper> mapper = vtkSmartPointer<vtkImageSliceMapper>::New();
  vtkSmartPointer<vtkImageSlice> slice = vtkSmartPointer<vtkImageSlice>::New();
  vtkSmartPointer<vtkLookupTable> table = vtkSmartPointer<vtkLookupTable>::New();

  Slab(vtkImageData* image, int axis, int layer) {
    mapper->SetInputData(image);
    mapper->SetOrientation(axis);
    mapper->BorderOn();  // outer voxels are drawn whole
    slice->SetMapper(mapper);
    slice->GetProperty()->SetLookupTable(table);
    slice->GetProperty()->SetLayerNumber(layer);
  }
};

/// Lines in front of the stack.
struct Lines {
  vtkSmartPointer<vtkPolyData> lines = vtkSmartPointer<vtkPolyData>::New();
  vtkSmartPointer<vtkActor> actor = vtkSmartPointer<vtkActor>::New();

  Lines() {
    vtkNew<vtkPolyDataMapper> mapper;
    mapper->SetInputData(lines);
    actor->SetMapper(mapper);
    actor->GetProperty()->LightingOff();
  }
};

/// A layer: its filling in the stack, its pattern and its outline in front of it.
struct Painted {
  LabelLayer layer;
  Slab filling;
  Lines hatch{}, casing{}, outline{};

  std::array<Lines*, 3> all() { return {&hatch, &casing, &outline}; }
};

void fillTable(vtkLookupTable* table, const std::vector<LabelClass>& classes) {
  int last = 1;
  for (const auto& c : classes) last = std::max<int>(last, c.value);
  // One entry above the last class catches all larger values, transparent like the background.
  table->SetNumberOfTableValues(last + 2);
  table->SetTableRange(0, last + 1);
  for (int i = 0; i <= last + 1; ++i) table->SetTableValue(i, 0, 0, 0, 0);
  for (const auto& c : classes)
    if (c.visible) table->SetTableValue(c.value, c.color[0], c.color[1], c.color[2], 1);
  table->Modified();
}

}  // namespace

struct SliceScene::Impl {
  Plane plane;
  SliceFrame frame;
  std::shared_ptr<const image::Volume> volume;
  vtkNew<vtkRenderer> renderer;
  vtkNew<vtkImageStack> stack;
  std::unique_ptr<Slab> image;
  std::vector<Painted> layers;
  std::int64_t slice = 0;
  double pixel = 1;
  SliceCamera camera;
  Window window;

  void dropLayers() {
    for (auto& p : layers) {
      stack->RemoveImage(p.filling.slice);
      for (auto* lines : p.all()) renderer->RemoveActor(lines->actor);
    }
    layers.clear();
  }

  void draw(Painted& p) const {
    const auto& layer = p.layer;
    const bool hatched = std::ranges::any_of(layer.classes, [](const auto& c) { return c.pattern != 0; });
    p.outline.actor->SetVisibility(layer.visible);
    p.casing.actor->SetVisibility(layer.visible && layer.cased);
    p.hatch.actor->SetVisibility(layer.visible && hatched);
    if (!layer.visible) return;
    outlineSlice(layer, frame, slice, (layer.cased ? 2 : 1) * pixel, false, p.outline.lines);
    if (layer.cased) outlineSlice(layer, frame, slice, 4 * pixel, true, p.casing.lines);
    // By powers of two, so that lines do not swim while zooming.
    if (hatched) hatchSlice(layer, frame, slice, pixel, std::exp2(std::round(std::log2(7 * pixel))), p.hatch.lines);
  }

  void placeCamera() const {
    const auto r = static_cast<std::size_t>(frame.right), u = static_cast<std::size_t>(frame.up),
               t = static_cast<std::size_t>(frame.through);
    std::array<double, 3> focus{}, up{}, right{};
    focus[r] = frame.rightSign * camera.middle[0];
    focus[u] = frame.upSign * camera.middle[1];
    focus[t] = static_cast<double>(slice) * frame.geometry.spacing[t];
    right[r] = frame.rightSign;
    up[u] = frame.upSign;
    // Looking along up x right puts `right` on screen right, whatever the handedness of the grid.
    const std::array<double, 3> into{up[1] * right[2] - up[2] * right[1], up[2] * right[0] - up[0] * right[2],
                                     up[0] * right[1] - up[1] * right[0]};
    constexpr double distance = 1000;
    auto* c = renderer->GetActiveCamera();
    c->SetFocalPoint(focus.data());
    c->SetPosition(focus[0] - distance * into[0], focus[1] - distance * into[1], focus[2] - distance * into[2]);
    c->SetViewUp(up.data());
    c->SetParallelScale(camera.halfHeight);
    c->SetClippingRange(distance - 50, distance + 50);
    // Lines lie a little nearer than the slice, so that the depth test never hides them; cased ones before others.
    const auto advance = [&](const Lines& lines, double by) {
      lines.actor->SetPosition(-by * into[0], -by * into[1], -by * into[2]);
    };
    for (const auto& p : layers) {
      advance(p.hatch, 0.5);
      advance(p.casing, 1.5);
      advance(p.outline, p.layer.cased ? 2 : 1);
    }
  }
};

SliceScene::SliceScene(Plane plane) : m_impl(std::make_unique<Impl>()) {
  m_impl->plane = plane;
  m_impl->renderer->SetBackground(0.043, 0.047, 0.055);
  m_impl->renderer->GetActiveCamera()->ParallelProjectionOn();
  m_impl->renderer->AddViewProp(m_impl->stack);
}

SliceScene::~SliceScene() = default;

vtkRenderer* SliceScene::renderer() const { return m_impl->renderer; }
const SliceFrame& SliceScene::frame() const { return m_impl->frame; }
std::int64_t SliceScene::slice() const { return m_impl->slice; }

void SliceScene::setVolume(std::shared_ptr<const image::Volume> volume) {
  auto& m = *m_impl;
  m.dropLayers();
  if (m.image) m.stack->RemoveImage(m.image->slice);
  m.image.reset();
  m.volume = std::move(volume);
  if (!m.volume || m.volume->voxels.empty()) return;
  m.frame = SliceFrame::of(m.volume->geometry, m.plane);
  m.image = std::make_unique<Slab>(wrap(*m.volume), m.frame.through, 0);
  auto* property = m.image->slice->GetProperty();
  property->SetInterpolationTypeToLinear();
  property->UseLookupTableScalarRangeOff();
  m.stack->AddImage(m.image->slice);
  setWindow(m.window);
  setSlice(m.slice);
}

void SliceScene::setPlane(Plane plane) {
  if (plane == m_impl->plane) return;
  m_impl->plane = plane;
  setVolume(m_impl->volume);
}

bool SliceScene::setLayers(std::vector<LabelLayer> layers) {
  auto& m = *m_impl;
  for (const auto& layer : layers)
    if (!m.volume || !layer.labels || !layer.labels->geometry.sameGrid(m.volume->geometry)) return false;
  m.dropLayers();
  for (auto& layer : layers) {
    const int number = static_cast<int>(m.layers.size()) + 1;
    const auto image = wrap(*layer.labels);
    auto& p = m.layers.emplace_back(Painted{std::move(layer), Slab(image, m.frame.through, number)});
    fillTable(p.filling.table, p.layer.classes);
    auto* property = p.filling.slice->GetProperty();
    property->SetInterpolationTypeToNearest();
    property->UseLookupTableScalarRangeOn();
    property->SetOpacity(p.layer.opacity);
    p.filling.slice->SetVisibility(p.layer.visible && p.layer.opacity > 0);
    m.stack->AddImage(p.filling.slice);

    for (auto* lines : p.all()) m.renderer->AddActor(lines->actor);
  }
  setSlice(m.slice);
  return true;
}

void SliceScene::setSlice(std::int64_t slice) {
  auto& m = *m_impl;
  if (!m.image) {
    m.slice = 0;
    return;
  }
  m.slice = std::clamp<std::int64_t>(slice, 0, m.frame.slices() - 1);
  m.image->mapper->SetSliceNumber(static_cast<int>(m.slice));
  for (auto& p : m.layers) {
    p.filling.mapper->SetSliceNumber(static_cast<int>(m.slice));
    m.draw(p);
  }
  m.placeCamera();
}

void SliceScene::setWindow(const Window& window) {
  auto& m = *m_impl;
  m.window = window;
  if (!m.image) return;
  m.image->slice->GetProperty()->SetColorLevel(window.center);
  m.image->slice->GetProperty()->SetColorWindow(std::max(window.width, 1e-6));
  auto* table = m.image->table.Get();
  table->SetNumberOfTableValues(256);
  for (int i = 0; i < 256; ++i) {
    const double grey = (window.inverted ? 255 - i : i) / 255.0;
    table->SetTableValue(i, grey, grey, grey, 1);
  }
}

void SliceScene::setCamera(const SliceCamera& camera) {
  m_impl->camera = camera;
  if (m_impl->image) m_impl->placeCamera();
}

void SliceScene::setPixel(double mm) {
  auto& m = *m_impl;
  if (mm == m.pixel) return;
  m.pixel = mm;
  for (auto& p : m.layers) m.draw(p);
}

}  // namespace lorkd::scene
