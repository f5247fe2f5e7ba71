#include "widgets/view/VtkWidget.h"

#include <vtkCallbackCommand.h>
#include <vtkCommand.h>
#include <vtkGenericOpenGLRenderWindow.h>
#include <vtkOpenGLFramebufferObject.h>
#include <vtkOpenGLState.h>
#include <vtkRenderer.h>

#include <QElapsedTimer>
#include <QOpenGLContext>
#include <QOpenGLExtraFunctions>
#include <QPainter>

namespace lorkd::view {

namespace {

// VTK asks for the context in the middle of a frame. QOpenGLWidget::makeCurrent() would also rebind Qt's framebuffer
// under VTK's feet, so it is called only when the context is really another one.
void onMakeCurrent(vtkObject*, unsigned long, void* client, void*) {
  auto* widget = static_cast<QOpenGLWidget*>(client);
  if (widget->context() && QOpenGLContext::currentContext() != widget->context()) widget->makeCurrent();
}

void onIsCurrent(vtkObject*, unsigned long, void* client, void* answer) {
  auto* widget = static_cast<QOpenGLWidget*>(client);
  *static_cast<bool*>(answer) = widget->context() && QOpenGLContext::currentContext() == widget->context();
}

}  // namespace

VtkWidget::VtkWidget(QWidget* parent)
    : QOpenGLWidget(parent), m_window(vtkSmartPointer<vtkGenericOpenGLRenderWindow>::New()) {
  m_window->SetOwnContext(false);
  m_window->SetMultiSamples(0);
  m_window->SetFrameBlitModeToNoBlit();
  const auto observe = [this](unsigned long event, void (*function)(vtkObject*, unsigned long, void*, void*)) {
    vtkNew<vtkCallbackCommand> command;
    command->SetCallback(function);
    command->SetClientData(static_cast<QOpenGLWidget*>(this));
    m_window->AddObserver(event, command);
  };
  observe(vtkCommand::WindowMakeCurrentEvent, onMakeCurrent);
  observe(vtkCommand::WindowIsCurrentEvent, onIsCurrent);
}

VtkWidget::~VtkWidget() {
  // The base class destroys the context after this object's own part is gone.
  if (context()) disconnect(context(), nullptr, this, nullptr);
  releaseGL();
  m_window->RemoveAllObservers();
}

void VtkWidget::setRenderer(vtkRenderer* renderer) { m_window->AddRenderer(renderer); }

void VtkWidget::useSurfaceFormat() {
  QSurfaceFormat format;
  format.setRenderableType(QSurfaceFormat::OpenGL);
  format.setVersion(3, 2);
  format.setProfile(QSurfaceFormat::CoreProfile);
  format.setDepthBufferSize(24);
  format.setStencilBufferSize(8);
  QSurfaceFormat::setDefaultFormat(format);
}

void VtkWidget::releaseGL() {
  if (!context()) return;
  makeCurrent();
  m_window->Finalize();
  m_window->SetReadyForRendering(false);
  doneCurrent();
}

void VtkWidget::initializeGL() {
  // A widget that moves to another window gets another context; VTK's objects belong to the old one.
  connect(context(), &QOpenGLContext::aboutToBeDestroyed, this, &VtkWidget::releaseGL, Qt::UniqueConnection);
  m_window->SetReadyForRendering(true);
  m_window->OpenGLInitContext();
}

void VtkWidget::paintGL() {
  QElapsedTimer timer;
  timer.start();
  const double ratio = devicePixelRatioF();
  const int w = qMax(1, qRound(width() * ratio)), h = qMax(1, qRound(height() * ratio));
  m_window->SetSize(w, h);
  m_window->GetState()->Reset();
  m_window->Render();
  auto* gl = context()->extraFunctions();
  gl->glBindFramebuffer(GL_READ_FRAMEBUFFER, m_window->GetDisplayFramebuffer()->GetFBOIndex());
  gl->glBindFramebuffer(GL_DRAW_FRAMEBUFFER, defaultFramebufferObject());
  gl->glDisable(GL_SCISSOR_TEST);
  gl->glBlitFramebuffer(0, 0, w, h, 0, 0, w, h, GL_COLOR_BUFFER_BIT, GL_NEAREST);
  gl->glBindFramebuffer(GL_FRAMEBUFFER, defaultFramebufferObject());
  gl->glFinish();
  m_lastFrameSeconds = static_cast<double>(timer.nsecsElapsed()) * 1e-9;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  decorate(painter);
}

}  // namespace lorkd::view
