// A PACS that the user has named, and the file that keeps them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::pacs {

/// TLS by the files of PS3.15 section B: PEM each.
struct Tls {
  std::filesystem::path ca;           ///< certificates of the authorities that may vouch for the PACS
  std::filesystem::path certificate;  ///< our own, if the PACS asks for one; with key
  std::filesystem::path key;          ///< not encrypted: nobody is there to type a password
  bool checkName = true;              ///< the PACS's certificate must be for its host
};

enum class Retrieve {
  Get,  ///< C-GET: images come back on the same connection
  Move  ///< C-MOVE: the PACS opens a connection to `receivePort` of this machine, which it must know by `calling`
};

/// Where an operation, one connection, is given up: a peer may answer for ever.
struct Limits {
  int answers = 100'000;    ///< to a query, or reports on a retrieval
  int megabytes = 102'400;  ///< that come back
  int seconds = 86'400;
};

struct Node {
  std::string name;  ///< as the user calls it: letters, digits, '.', '_', '-'
  std::string host;  ///< name or IPv4 address
  int port = 104;
  std::string called = "ANY-SCP";  ///< the PACS's application entity title
  std::string calling = "LORKD";   ///< ours
  int timeout = 30;                ///< seconds without a sign of life until the PACS counts as dead
  Retrieve retrieve = Retrieve::Get;
  int receivePort = 11112;  ///< for Retrieve::Move
  std::optional<Tls> tls;
  Limits limits = {};

  /// "name (host:port)", for messages.
  std::string place() const;
};

/// Errors: InvalidArgument, naming the field.
Result<void> check(const Node& node);

/// The node as it stands in the file, without its name; and back. Errors: Format, naming the field.
Json toJson(const Node& node);
Result<Node> nodeFromJson(const std::string& name, const Json& json);

/// $XDG_CONFIG_HOME/lorkd/pacs.json, else ~/.config/lorkd/pacs.json.
std::filesystem::path defaultNodesFile();

/// {"nodes": {"NAME": {...}}}; no file is no nodes. Errors: Io; Format, naming node and field.
Result<std::vector<Node>> readNodes(const std::filesystem::path& file);

/// Adds the node, or takes the place of the one of its name. Errors: those of check() and readNodes(); Io.
Result<void> saveNode(const std::filesystem::path& file, const Node& node);

/// Errors: NotFound; those of readNodes(); Io.
Result<void> removeNode(const std::filesystem::path& file, const std::string& name);

/// Errors: NotFound, with the names there are; those of readNodes().
Result<Node> findNode(const std::filesystem::path& file, const std::string& name);

}  // namespace lorkd::pacs
