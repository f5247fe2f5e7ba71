// lorkd pacs nodes, add, remove, echo.
#include <sstream>

#include "app/cli/PacsCommands.h"
#include "core/pacs/Query.h"

namespace lorkd::cli {
namespace {

Result<void> list(const PacsFile& file, const Context& context) {
  LORKD_TRY(nodes, pacs::readNodes(file.path()));
  Json known = Json::object();
  std::ostringstream text;
  for (const auto& node : nodes) {
    known[node.name] = pacs::toJson(node);
    text << node.place() << "  called " << node.called << ", calling " << node.calling
         << (node.retrieve == pacs::Retrieve::Move ? ", C-MOVE to port " + std::to_string(node.receivePort) : ", C-GET")
         << (node.tls ? ", TLS" : "") << "\n";
  }
  if (nodes.empty()) text << "no PACS is known yet: lorkd pacs add NAME --host HOST --port PORT --called TITLE\n";
  context.answer({{"file", file.path().string()}, {"nodes", known}}, text.str());
  return {};
}

struct NodeOptions {
  pacs::Node node;
  pacs::Tls tls;
  std::string retrieve = "get";
  bool anyName = false;
};

Result<void> add(const PacsFile& file, const NodeOptions& options, const Context& context) {
  auto node = options.node;
  node.retrieve = options.retrieve == "move" ? pacs::Retrieve::Move : pacs::Retrieve::Get;
  const auto& tls = options.tls;
  if (!tls.ca.empty() || !tls.certificate.empty() || !tls.key.empty() || options.anyName) {
    // The window starts this program from elsewhere.
    const auto whole = [](const std::filesystem::path& path) {
      return path.empty() ? path : std::filesystem::absolute(path);
    };
    node.tls = pacs::Tls{whole(tls.ca), whole(tls.certificate), whole(tls.key), !options.anyName};
  }
  LORKD_CHECK(pacs::saveNode(file.path(), node));
  context.answer({{"file", file.path().string()}, {"node", node.name}}, "saved " + node.place());
  return {};
}

Result<void> remove(const PacsFile& file, const std::string& name, const Context& context) {
  LORKD_CHECK(pacs::removeNode(file.path(), name));
  context.answer({{"file", file.path().string()}, {"node", name}}, "removed " + name);
  return {};
}

Result<void> echo(const PacsFile& file, const std::string& name, const Context& context) {
  LORKD_TRY(node, pacs::findNode(file.path(), name));
  LORKD_CHECK(pacs::echo(node, context.cancel()));
  context.answer({{"node", name}}, node.place() + " answers");
  return {};
}

}  // namespace

void addPacsNodes(CLI::App& group, std::shared_ptr<PacsFile> file, Context& context) {
  group.add_subcommand("nodes", "List the PACS that are known")->callback([file, &context] {
    context.action = [file, &context] { return list(*file, context); };
  });

  auto options = std::make_shared<NodeOptions>();
  auto& node = options->node;
  auto* command = group.add_subcommand("add", "Name a PACS, or change one");
  command->add_option("name", node.name, "How to call it: letters, digits, '.', '_', '-'")->required();
  command->add_option("--host", node.host, "Name or IPv4 address")->required();
  command->add_option("--port", node.port, "DICOM port")->capture_default_str();
  command->add_option("--called", node.called, "The PACS's AE title")->capture_default_str();
  command->add_option("--calling", node.calling, "Our AE title")->capture_default_str();
  command->add_option("--timeout", node.timeout, "Seconds without a sign of life until it counts as dead")
      ->capture_default_str();
  command->add_option("--retrieve", options->retrieve, "How images come: get over our connection, move over a new one")
      ->check(CLI::IsMember({"get", "move"}))
      ->capture_default_str();
  command
      ->add_option("--receive-port", node.receivePort, "For move: where the PACS delivers; it must know this machine")
      ->capture_default_str();
  command->add_option("--most-answers", node.limits.answers, "Answers after which a query or retrieval is given up")
      ->capture_default_str();
  command->add_option("--most-megabytes", node.limits.megabytes, "Megabytes that one operation may bring")
      ->capture_default_str();
  command->add_option("--most-seconds", node.limits.seconds, "Seconds that one operation may take")
      ->capture_default_str();
  command->add_option("--ca", options->tls.ca, "TLS: PEM file of the authorities that vouch for the PACS");
  command->add_option("--certificate", options->tls.certificate, "TLS: our certificate, PEM, if the PACS wants one");
  command->add_option("--key", options->tls.key, "TLS: its private key, PEM, not encrypted");
  command->add_flag("--any-name", options->anyName, "TLS: the PACS's certificate need not be for its host");
  command->callback([file, options, &context] {
    context.action = [file, options, &context] { return add(*file, *options, context); };
  });

  for (const auto& [name, help, work] : {std::tuple{"remove", "Forget a PACS", &remove},
                                         std::tuple{"echo", "Ask whether a PACS answers (C-ECHO)", &echo}}) {
    auto chosen = std::make_shared<std::string>();
    auto* one = group.add_subcommand(name, help);
    one->add_option("node", *chosen, "Its name")->required();
    one->callback([file, chosen, work = work, &context] {
      context.action = [file, chosen, work, &context] { return work(*file, *chosen, context); };
    });
  }
}

}  // namespace lorkd::cli
