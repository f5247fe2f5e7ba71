// A real PACS (Orthanc) on this machine, data for it, and other programs as judges.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/io/dicom/DicomWriter.h"
#include "core/pacs/Node.h"
#include "core/pacs/Query.h"
#include "core/pacs/Retrieve.h"
#include "tests/support/Command.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::pacs::test {

namespace fs = std::filesystem;
using lorkd::test::run;
using lorkd::test::TemporaryFolder;

/// A port of 127.0.0.1 that nobody has.
int freePort();

/// Seconds that `work` takes.
double secondsOf(const std::function<void()>& work);

/// /usr/sbin/Orthanc with a configuration and storage of its own, on 127.0.0.1 alone; stopped at the end.
class Orthanc {
 public:
  /// `more` is JSON added to the configuration: "\"DicomTlsEnabled\": true, ...".
  explicit Orthanc(const std::string& more = "");
  ~Orthanc();
  Orthanc(const Orthanc&) = delete;
  Orthanc& operator=(const Orthanc&) = delete;

  static bool installed();
  bool running() const { return m_process > 0; }
  int port() const { return m_port; }
  /// How we reach it; C-MOVE comes to a port that it knows us by.
  Node node(Retrieve way = Retrieve::Get) const;
  /// Sends the DICOM files below a folder by DCMTK's storescu, as they are encoded.
  void upload(const fs::path& folder) const;

 private:
  TemporaryFolder m_folder;
  int m_port, m_http, m_receive, m_process = -1;
};

/// One for all tests of the program; null where it is not installed.
Orthanc* orthanc();
#define NEEDS_ORTHANC()                                                              \
  if (!Orthanc::installed()) GTEST_SKIP() << "the package orthanc is not installed"; \
  ASSERT_TRUE(orthanc() && orthanc()->running()) << "Orthanc is installed but does not run"

/// The header of a series of this patient.
io::DicomHeader patient(const std::string& id, const std::string& name = "Nobody");
/// Writes a CT series of `slices` slices of 64 by 64 voxels.
io::WrittenSeries makeSeries(const fs::path& folder, const io::DicomHeader& header, int slices);
/// A request for it, as a query would give it.
SeriesRequest requestOf(const io::WrittenSeries& series);

/// Names in a folder, hidden ones too.
std::set<std::string> namesIn(const fs::path& folder);
/// The bytes behind the meta header, by its length at its beginning (PS3.10 section 7.1).
std::string dataSetOf(const fs::path& file);
/// Every object of the series is below `folder`, of the same content, under its own UID.
void expectWhole(const fs::path& folder, const io::WrittenSeries& series);

/// Attempts follow each other at once.
inline RetrieveOptions atOnce(int retries = 0) { return {retries, 0.0}; }

}  // namespace lorkd::pacs::test

/// Fails with the error's own words.
#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().text()
#define EXPECT_OK(result) EXPECT_TRUE(result) << (result).error().text()
