#include "core/pacs/Transport.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace lorkd::pacs {
namespace {

std::unexpected<Error> unreachable(const Node& node, const std::string& why, const std::string& hint) {
  return fail(ErrorCode::NotFound, "the PACS cannot be reached: " + why, hint, node.place());
}

/// Hands every new socket to the watch before DCMTK shakes hands on it.
template <class Layer>
class Watched final : public Layer {
 public:
  template <class... Arguments>
  explicit Watched(Watch& watch, Arguments... arguments) : Layer(arguments...), m_watch(watch) {}

  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool secure) override {
    // An object is several small writes, each of which would wait for the acknowledgement of the last.
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    m_watch.take(socket);
    return Layer::createConnection(socket, secure);
  }

 private:
  Watch& m_watch;
};

Result<void> useFiles(DcmTLSTransportLayer& layer, const Node& node) {
  const auto bad = [&](const char* field, const std::filesystem::path& file, const std::string& why) {
    return fail(ErrorCode::InvalidArgument, std::string("tls.") + field + ": " + file.string() + ": " + why,
                "it must be a PEM file that can be read", node.place());
  };
  const Tls& tls = *node.tls;
  if (const auto c = layer.addTrustedCertificateFile(tls.ca.c_str(), DCF_Filetype_PEM); c.bad())
    return bad("ca", tls.ca, c.text());
  layer.setCertificateVerification(DCV_requireCertificate);
  if (tls.certificate.empty()) return {};
  // An encrypted key would have DCMTK ask for a password on the terminal.
  layer.setPrivateKeyPasswd("");
  if (const auto c = layer.setPrivateKeyFile(tls.key.c_str(), DCF_Filetype_PEM); c.bad())
    return bad("key", tls.key, c.text());
  if (const auto c = layer.setCertificateFile(tls.certificate.c_str(), DCF_Filetype_PEM); c.bad())
    return bad("certificate", tls.certificate, c.text());
  if (!layer.checkPrivateKeyMatchesCertificate()) return bad("key", tls.key, "it does not belong to the certificate");
  return {};
}

}  // namespace

Result<void> reach(const Node& node, const CancelToken& cancel) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = AF_INET;  // DCMTK 3.6.7 speaks IPv4 only
  hints.ai_socktype = SOCK_STREAM;
  if (const int code = ::getaddrinfo(node.host.c_str(), std::to_string(node.port).c_str(), &hints, &found); code != 0)
    return unreachable(node, ::gai_strerror(code), "is the host's name right, and the network there?");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return unreachable(node, std::strerror(errno), "");
  int code = ::connect(fd, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
  for (int left = node.timeout * 20; code == EINPROGRESS && left > 0 && !cancel.cancelled(); --left) {
    pollfd waiting{fd, POLLOUT, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    socklen_t size = sizeof code;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  }
  ::close(fd);
  if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "cancelled", "", node.place());
  if (code == ECONNREFUSED) return unreachable(node, "nothing listens there", "does it run, and is the port right?");
  if (code == EINPROGRESS)
    return unreachable(node, "no answer for " + std::to_string(node.timeout) + " s",
                       "is the address right, and does a firewall let this machine through?");
  if (code != 0) return unreachable(node, std::strerror(code), "is the address right, and the network there?");
  return {};
}

Result<std::unique_ptr<DcmTransportLayer>> makeTransport(const Node& node, T_ASC_NetworkRole role, Watch& watch) {
  if (!node.tls) return std::make_unique<Watched<DcmTransportLayer>>(watch);
  auto layer = std::make_unique<Watched<DcmTLSTransportLayer>>(watch, role, static_cast<const char*>(nullptr), OFTrue);
  if (layer->setTLSProfile(TSP_Profile_BCP195).bad() || layer->activateCipherSuites().bad())
    return fail(ErrorCode::Internal, "TLS cannot be set up", "is OpenSSL installed whole?", node.place());
  LORKD_CHECK(useFiles(*layer, node));
  // DCMTK checks who signed a certificate, not for whom it is.
  if (role == NET_REQUESTOR && node.tls->checkName) {
    auto* rules = SSL_CTX_get0_param(layer->getNativeHandle());
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, node.host.c_str()) != 1)
      X509_VERIFY_PARAM_set1_host(rules, node.host.c_str(), 0);
  }
  return layer;
}

}  // namespace lorkd::pacs
