// What a window has to bear: data sets that are large, and a measure of how it bears them.
#pragma once

#include <QBuffer>
#include <QElapsedTimer>
#include <QImage>
#include <QTimer>
#include <algorithm>
#include <cstring>
#include <ctime>

#include "core/data/Audit.h"

namespace lorkd::test {

/// How long the window did not answer: the longest time, and processor time of its thread, between two turns of a timer
/// that is always due. The first also holds what other programs take of a busy machine, the second what it did itself.
class Pulse : public QObject {
 public:
  Pulse() {
    connect(&m_timer, &QTimer::timeout, this, [this] { beat(); });
    m_wall.start();
    m_before = cpu();
    m_timer.start(1);
  }
  double longestWall = 0, longestCpu = 0;  ///< ms

 private:
  static double cpu() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
  }
  void beat() {
    const double now = cpu();
    longestWall = std::max(longestWall, 1e-6 * static_cast<double>(m_wall.nsecsElapsed()));
    longestCpu = std::max(longestCpu, now - m_before);
    m_wall.restart();
    m_before = now;
  }
  QTimer m_timer;
  QElapsedTimer m_wall;
  double m_before = 0;
};

/// A NIfTI volume of 8×8×8 voxels that no other has.
inline QByteArray volume(int number) {
  QByteArray bytes(352 + 2 * 512, '\0');
  const auto put = [&](int at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  put(0, std::int32_t(348));
  const std::int16_t dims[] = {3, 8, 8, 8, 1, 1, 1, 1};
  for (int i = 0; i < 8; ++i) put(40 + 2 * i, dims[i]);
  put(70, std::int16_t(4));
  put(72, std::int16_t(16));
  for (int i = 0; i < 8; ++i) put(76 + 4 * i, 1.0f);
  put(108, 352.0f);
  put(112, 1.0f);
  put(252, std::int16_t(1));
  std::memcpy(bytes.data() + 344, "n+1", 4);
  put(352, std::int32_t(number));
  return bytes;
}

/// An audit of so many images with their thumbnails, ten findings each.
inline data::Audit largeAudit(int images) {
  QImage picture(96, 96, QImage::Format_Grayscale8);
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 96; ++x) picture.scanLine(y)[x] = static_cast<uchar>((x * 37 + y * 91 + x * y * 13) % 251);
  QByteArray png;
  QBuffer buffer(&png);
  picture.save(&buffer, "PNG");
  data::Audit audit;
  for (int n = 0; n < images; ++n) {
    auto& image = audit.images.emplace_back();
    image.item.id = "case-" + std::to_string(n);
    image.item.patient = "patient-" + std::to_string(n);
    image.item.kind = "dicom";
    image.item.modality = "CT";
    image.item.labels = {"liver", "spleen", "left kidney"};
    image.leftOut = n % 2 == 0;
    for (int f = 0; f < 10; ++f)
      image.findings.push_back({{io::Finding::Severity::Warning, "missing-slice",
                                 "slices are missing between -120 mm and -80 mm, number " + std::to_string(f)},
                                "left out until you accept it"});
    image.reading.emplace();
    image.reading->thumbnail = png.toStdString();
    audit.doubles.push_back({"pixels", image.item.id, "case-0", false});
  }
  audit.advice = data::Advice{{0.8, 0.8, 2.5}, {96, 96, 48}};
  return audit;
}

}  // namespace lorkd::test
