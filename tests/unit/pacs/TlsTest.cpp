// TLS against Orthanc, with certificates made by the openssl program.
#include "tests/unit/pacs/Support.h"

namespace lorkd::pacs::test {
namespace {

using testing::HasSubstr;

/// Authorities and certificates: host.crt is for 127.0.0.1, other.crt for another host, me.crt for us.
struct Certificates {
  TemporaryFolder folder;
  bool made = true;
  Certificates() {
    const auto in = "cd '" + folder.path().string() + "' && ";
    const auto sh = [&](const std::string& command) {
      const auto done = run(in + command);
      made = made && done.code == 0;
      if (done.code != 0) ADD_FAILURE() << done.output;
    };
    for (const char* ca : {"ca", "foreign"})
      sh(std::string("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=") + ca + " -keyout " + ca +
         ".key -out " + ca + ".crt");
    for (const std::pair<std::string, std::string>& c : {std::pair<std::string, std::string>{"host", "IP:127.0.0.1"},
                                                         {"other", "DNS:elsewhere.example"},
                                                         {"me", "DNS:me.example"}}) {
      sh("openssl req -newkey rsa:2048 -nodes -subj /CN=" + c.first + " -keyout " + c.first + ".key -out " + c.first +
         ".csr");
      sh("printf 'subjectAltName=" + c.second + "' > " + c.first + ".ext");
      sh("openssl x509 -req -in " + c.first + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile " +
         c.first + ".ext -out " + c.first + ".crt");
    }
  }
  std::string config(const std::string& name) const {
    return "\"DicomTlsEnabled\": true, \"DicomTlsCertificate\": \"" + (folder / (name + ".crt")).string() +
           "\", \"DicomTlsPrivateKey\": \"" + (folder / (name + ".key")).string() +
           "\", \"DicomTlsTrustedCertificates\": \"" + (folder / "ca.crt").string() + "\"";
  }
  Tls tls() const { return {folder / "ca.crt", folder / "me.crt", folder / "me.key", true}; }
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

TEST(Tls_, QueriesAndRetrievalBothWays) {
  if (!Orthanc::installed()) GTEST_SKIP() << "the package orthanc is not installed";
  ASSERT_TRUE(certificates().made);
  const Orthanc secure(certificates().config("host"));
  ASSERT_TRUE(secure.running());
  auto node = secure.node();
  node.timeout = 5;
  node.tls = certificates().tls();
  ASSERT_OK(echo(node, {}));
  const TemporaryFolder data, folder;
  const auto series = makeSeries(data / "ct", patient("TLS"), 4);
  SilentProgress progress;
  ASSERT_EQ(run("storescu +tls " + (certificates().folder / "me.key").string() + " " +
                (certificates().folder / "me.crt").string() + " +cf " + (certificates().folder / "ca.crt").string() +
                " -aec ORTHANC +sd 127.0.0.1 " + std::to_string(secure.port()) + " " + (data / "ct").string())
                .code,
            0);
  for (const auto way : {Retrieve::Get, Retrieve::Move}) {
    node.retrieve = way;
    const auto place = folder / (way == Retrieve::Get ? "get" : "move");
    const auto outcomes = retrieve(node, {requestOf(series)}, place, atOnce(), progress, {});
    ASSERT_OK(outcomes);
    ASSERT_EQ(outcomes->front().state, SeriesState::Complete) << outcomes->front().error->text();
    expectWhole(place, series);
  }
  // Another authority, no certificate of ours, or no TLS at all.
  auto foreign = node;
  foreign.tls->ca = certificates().folder / "foreign.crt";
  EXPECT_THAT(echo(foreign, {}).error().text(), HasSubstr("TLS"));
  auto anonymous = node;
  anonymous.tls->certificate.clear();
  anonymous.tls->key.clear();
  EXPECT_FALSE(echo(anonymous, {}));
  auto plain = node;
  plain.tls.reset();
  const auto seconds = secondsOf([&] { EXPECT_FALSE(echo(plain, {})); });
  EXPECT_LT(seconds, 6);
  auto missing = node;
  missing.tls->ca = certificates().folder / "none.crt";
  EXPECT_THAT(echo(missing, {}).error().text(), HasSubstr("none.crt"));
  auto wrong = node;
  wrong.tls->key = certificates().folder / "host.key";
  EXPECT_THAT(echo(wrong, {}).error().text(), HasSubstr("host.key"));
}

TEST(Tls_, ACertificateForAnotherHostIsRefused) {
  if (!Orthanc::installed()) GTEST_SKIP() << "the package orthanc is not installed";
  ASSERT_TRUE(certificates().made);
  const Orthanc secure(certificates().config("other"));
  ASSERT_TRUE(secure.running());
  auto node = secure.node();
  node.timeout = 5;
  node.tls = certificates().tls();
  const auto refused = echo(node, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("TLS"));
  node.tls->checkName = false;
  EXPECT_OK(echo(node, {}));
}

}  // namespace
}  // namespace lorkd::pacs::test
