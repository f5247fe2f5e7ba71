// lorkd: the command line of the workbench. Links no Qt.
#include <malloc.h>
#include <torch/torch.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "app/cli/Console.h"
#include "app/cli/Context.h"
#include "core/base/Guard.h"
#include "core/base/Log.h"
#include "core/base/Mapping.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Shareable.h"
#include "plugins/Plugins.h"

namespace {

lorkd::CancelToken* cancelOnSignal = nullptr;

// Setting a relaxed atomic flag is all that happens here, which a signal handler may do.
void onSignal(int) {
  if (cancelOnSignal) cancelOnSignal->cancel();
}

/// glibc gives large blocks back to the system at every free by default, and each new tensor page-faults afresh.
void keepLargeBlocks() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

/// Lets OpenMP threads wait for a moment and then sleep. Spinning as long as libgomp does by default, two threads are
/// slower than one on a machine that does anything else (a step of the demo: 0.29 against 0.24 s); sleeping at once,
/// they hardly help on a quiet one (0.139 against 0.079 s). libgomp reads the variables when it loads, so the program
/// starts itself again; commands that hardly compute do without.
void waitBriefly(const std::string& command, char** argv) {
  static const std::set<std::string> computing{"train", "pretrain", "resume", "transfer",
                                               "demo",  "evaluate", "predict"};
  if (!computing.contains(command) || std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
  std::error_code ec;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ec);
  setenv("OMP_WAIT_POLICY", "passive", 1);
  setenv("GOMP_SPINCOUNT", "1000", 1);
  if (!ec) execv(self.c_str(), argv);  // on failure: as it was, only slower
}

int complainOf(const lorkd::cli::Context& context, const lorkd::Error& whole) {
  const auto error = context.discreet ? lorkd::Error{whole.code, lorkd::workflow::shareable(whole), "", ""} : whole;
  const bool cancelled = error.code == lorkd::ErrorCode::Cancelled;
  if (context.json)
    lorkd::cli::jsonLine({{"kind", "error"},
                          {"code", lorkd::toString(error.code)},
                          {"message", error.message},
                          {"hint", error.hint},
                          {"context", error.context}});
  else
    lorkd::cli::complain((cancelled ? "stopped: " : "error: ") + error.text() + "\n");
  return cancelled ? 3 : 1;
}

}  // namespace

const lorkd::CancelToken& lorkd::cli::Context::cancel() const {
  if (!cancelOnSignal) {
    static CancelToken sameWish = m_cancel;
    cancelOnSignal = &sameWish;
    struct sigaction action {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
  }
  return m_cancel;
}

void lorkd::cli::Context::answer(Json fields, const std::string& text) const {
  if (json) {
    fields["kind"] = "result";
    jsonLine(fields);
  } else {
    say(text.empty() || text.ends_with('\n') ? text : text + "\n");
  }
}

int main(int argc, char** argv) {
  using namespace lorkd;
  keepLargeBlocks();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is then an error of the write, which says so
  cli::Context context;
  CLI::App app{"Decomposes a medical foundation model into small experts by low-rank knowledge decomposition"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(LORKD_VERSION));
  std::string style = "bars", level = "warn";
  int threads = 0;
  app.add_option("--progress", style, "How to report: bars for people, json for programs")
      ->check(CLI::IsMember({"bars", "json"}))
      ->capture_default_str();
  app.add_flag("--discreet", context.discreet,
               "Name no file where something fails, for output that is kept with a run");
  app.add_option("--log", level, "Log level: debug, info, warn, error, off")->capture_default_str();
  app.add_option("--threads", threads, "Compute threads, unless the plan says; 0 takes every core")
      ->check(CLI::Range(0, 1024));
  app.fallthrough();
  for (auto add :
       {cli::addScan, cli::addAudit, cli::addDicom, cli::addPhantom, cli::addPacs, cli::addNetworks, cli::addPlugins,
        cli::addInspect, cli::addLayouts, cli::addPlan, cli::addTrain, cli::addStudy, cli::addEvaluate, cli::addPredict,
        cli::addExport, cli::addRanks, cli::addTransfer, cli::addReport, cli::addDemo})
    add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::ostringstream out, err;
    const int code = app.exit(e, out, err);
    cli::say(out.str());
    cli::complain(err.str());
    return code;
  }

  waitBriefly(app.get_subcommands().front()->get_name(), argv);
  log::setup(level);
  context.json = style == "json";
  context.progress = context.json ? cli::jsonProgress() : cli::consoleProgress();
  // LibTorch takes half of what the system counts: too few where those are cores.
  at::set_num_threads(threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  watchMappings();
  registerPlugins(plugin::registry());
  try {
    const auto outcome = context.action();
    context.progress.reset();
    if (!outcome) return complainOf(context, outcome.error());
    if (!cli::allSaid())
      return complainOf(context, Error{ErrorCode::Io, "the answer could not be written to the standard output",
                                       "check that the disk behind it is not full", ""});
    return context.code;
  } catch (const std::exception& e) {
    auto error = thrown(e, "").error();
    if (error.code == ErrorCode::Internal) error.hint = "this is a fault of the program; please report it";
    return complainOf(context, error);
  }
}
