// Surfaces of the overlays' classes, made on a worker thread and kept.
#pragma once

#include <vtkPolyData.h>
#include <vtkSmartPointer.h>

#include <QObject>
#include <QThreadPool>
#include <map>

#include "widgets/scene/VolumeScene.h"
#include "widgets/view/InspectorModel.h"

namespace lorkd::view {

/// UI thread only. Asks of a worker only for what is visible; results for overlays that were replaced are dropped.
class SurfaceCache : public QObject {
  Q_OBJECT

 public:
  explicit SurfaceCache(InspectorModel* model, QObject* parent = nullptr);
  ~SurfaceCache() override;

  /// Starts the worker on the surfaces that are visible and missing.
  void request();
  /// The visible surfaces that are ready.
  std::vector<scene::SurfaceItem> items() const;
  /// Surfaces still being made.
  int pending() const { return static_cast<int>(m_asked.size()); }

 Q_SIGNALS:
  void changed();
  void problem(const QString& text);

 private:
  using Key = std::pair<const image::LabelMap*, int>;
  void dropOld();

  InspectorModel* m_model;
  std::map<Key, vtkSmartPointer<vtkPolyData>> m_ready;
  std::map<Key, std::shared_ptr<const image::LabelMap>> m_asked;  ///< holds the labels, so that a key stays unique
  std::uint64_t m_generation = 0;
  CancelToken m_cancel;
  QThreadPool m_pool;
};

}  // namespace lorkd::view
