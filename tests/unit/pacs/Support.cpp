#include "tests/unit/pacs/Support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "core/base/File.h"

namespace lorkd::pacs::test {
namespace {

constexpr const char* kOrthanc = "/usr/sbin/Orthanc";

}  // namespace

int freePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

double secondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

bool Orthanc::installed() { return ::access(kOrthanc, X_OK) == 0; }

Orthanc::Orthanc(const std::string& more) : m_port(freePort()), m_http(freePort()), m_receive(freePort()) {
  std::ofstream config(m_folder / "orthanc.json");
  config << R"({"Name": "test", "StorageDirectory": ")" << m_folder.path().string() << R"(", "IndexDirectory": ")"
         << m_folder.path().string() << R"(", "HttpPort": )" << m_http << R"(, "DicomPort": )" << m_port
         << R"(, "DicomAet": "ORTHANC", "DicomCheckCalledAet": true, "RemoteAccessAllowed": false,
              "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true, "Plugins": [],
              "DicomModalities": {"lorkd": {"AET": "LORKD", "Host": "127.0.0.1", "Port": )"
         << m_receive << R"(, "UseDicomTls": )" << (more.find("DicomTls") != more.npos ? "true" : "false") << "}}"
         << (more.empty() ? "" : ", ") << more << "}";
  config.close();
  const auto log = (m_folder / "log").string(), file = (m_folder / "orthanc.json").string();
  const pid_t child = ::fork();
  if (child == 0) {
    // It ends with the test, even when that crashes.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::setenv("LD_PRELOAD", LORKD_LOOPBACK, 1);
    ::setenv("TCP_NODELAY", "1", 1);
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    ::execl(kOrthanc, kOrthanc, file.c_str(), nullptr);
    ::_exit(127);
  }
  m_process = child;
  for (int n = 0; n < 300; ++n) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(m_port));
    const bool listens = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (listens) return;
    if (::waitpid(child, nullptr, WNOHANG) == child) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ADD_FAILURE() << run("cat '" + log + "'").output;
  m_process = -1;
}

Orthanc::~Orthanc() {
  if (m_process <= 0) return;
  // Nothing of it is kept, so it need not close its storage.
  ::kill(m_process, SIGKILL);
  ::waitpid(m_process, nullptr, 0);
}

Node Orthanc::node(Retrieve way) const {
  Node node;
  node.name = "test";
  node.host = "127.0.0.1";
  node.port = m_port;
  node.called = "ORTHANC";
  node.timeout = 10;
  node.retrieve = way;
  node.receivePort = m_receive;
  return node;
}

void Orthanc::upload(const fs::path& folder) const {
  const auto sent = run("TCP_NODELAY=1 storescu -aec ORTHANC +sd +r -R 127.0.0.1 " + std::to_string(m_port) + " '" +
                        folder.string() + "'");
  ASSERT_EQ(sent.code, 0) << sent.output;
}

Orthanc* orthanc() {
  struct Environment : testing::Environment {
    void TearDown() override { orthanc.reset(); }
    std::unique_ptr<Orthanc> orthanc;
  };
  // GoogleTest owns it, and ends it after the last test.
  static auto* environment = [] {
    auto* made = new Environment;
    if (Orthanc::installed()) made->orthanc = std::make_unique<Orthanc>();
    testing::AddGlobalTestEnvironment(made);
    return made;
  }();
  return environment->orthanc.get();
}

io::DicomHeader patient(const std::string& id, const std::string& name) {
  io::DicomHeader header;
  header.patientId = id;
  header.patientName = name;
  return header;
}

io::WrittenSeries makeSeries(const fs::path& folder, const io::DicomHeader& header, int slices) {
  image::Geometry grid;
  grid.size = {64, 64, slices};
  grid.spacing = {0.8, 0.8, 2.5};
  image::Volume volume(grid);
  for (std::size_t n = 0; n < volume.voxels.size(); ++n) volume.voxels[n] = static_cast<float>(n * 7919 % 2000) - 1000;
  auto written = io::writeCtSeries(folder, volume, header);
  EXPECT_OK(written);
  return written.value_or(io::WrittenSeries{});
}

SeriesRequest requestOf(const io::WrittenSeries& series) {
  return {series.header.studyUid, series.header.seriesUid, static_cast<std::int64_t>(series.files.size()), "CT"};
}

std::set<std::string> namesIn(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) names.insert(entry.path().filename().string());
  return names;
}

std::string dataSetOf(const fs::path& file) {
  const auto bytes = readFile(file);
  EXPECT_OK(bytes);
  if (!bytes || bytes->size() < 144) return "no DICOM file";
  std::uint32_t length = 0;
  std::memcpy(&length, bytes->data() + 140, 4);
  return bytes->substr(std::min<std::size_t>(144 + length, bytes->size()));
}

void expectWhole(const fs::path& folder, const io::WrittenSeries& series) {
  const auto place = folder / series.header.seriesUid;
  std::set<std::string> expected;
  for (std::size_t n = 0; n < series.files.size(); ++n) {
    expected.insert(series.sopInstanceUids[n] + ".dcm");
    const auto file = place / (series.sopInstanceUids[n] + ".dcm");
    if (fs::exists(file)) {
      EXPECT_EQ(dataSetOf(file), dataSetOf(series.files[n]));
    }
  }
  EXPECT_EQ(namesIn(place), expected);
  EXPECT_FALSE(fs::exists(partialFolder(folder, series.header.seriesUid)));
}

}  // namespace lorkd::pacs::test
