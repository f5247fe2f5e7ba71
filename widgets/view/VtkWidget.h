// A VTK renderer inside a Qt 6 window.
#pragma once

#include <vtkSmartPointer.h>

#include <QOpenGLWidget>

class vtkGenericOpenGLRenderWindow;
class vtkRenderer;

namespace lorkd::view {

/// Hosts VTK in Qt's own OpenGL context (Debian's VTK-Qt module is for Qt 5). Needs useSurfaceFormat() before the
/// application object is made.
class VtkWidget : public QOpenGLWidget {
  Q_OBJECT

 public:
  explicit VtkWidget(QWidget* parent = nullptr);
  ~VtkWidget() override;

  /// OpenGL 3.2 core, depth 24, stencil 8. Call before the QApplication is constructed.
  static void useSurfaceFormat();
  /// How long the last VTK frame took, in seconds; 0 before the first.
  double lastFrameSeconds() const { return m_lastFrameSeconds; }

 protected:
  /// The renderer to show; call once, from the constructor of the widget that owns the scene.
  void setRenderer(vtkRenderer* renderer);
  void initializeGL() override;
  void paintGL() override;
  /// Called after VTK has drawn, with Qt's framebuffer bound: texts and lines that should be crisp. Logical pixels.
  virtual void decorate(QPainter&) {}

 private:
  void releaseGL();

  vtkSmartPointer<vtkGenericOpenGLRenderWindow> m_window;
  double m_lastFrameSeconds = 0;
};

}  // namespace lorkd::view
