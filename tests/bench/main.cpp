// lorkd-bench: how fast the engine is on this machine.
#include <malloc.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <CLI/CLI.hpp>
#include <climits>
#include <cstdio>
#include <thread>

#include "tests/bench/Benches.h"

int main(int argc, char** argv) {
  using namespace lorkd;
  CLI::App app{"Measures the engine: ratios of separated to plain convolutions, and whole steps"};
  app.require_subcommand(1);
  bench::TimingOptions options;
  std::string jsonFile;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  bool cpuClock = false;
  const auto separation = app.add_subcommand(
      "separation", "one layer, forward and backward, by every strategy, beside the plain layer and T passes");
  const auto step =
      app.add_subcommand("step", "a whole step of several networks: plain, separated, with Gram matrices");
  for (auto* command : {separation, step}) {
    command->add_option("--json", jsonFile, "write the figures to this file");
    command->add_option("--rounds", options.rounds, "timed runs of each variant")->check(CLI::Range(1, 1000));
    command->add_option("--threads", threads, "threads of LibTorch")->check(CLI::Range(1, 1024));
    command->add_option("--only", options.only, "rows whose title holds this text");
    command->add_flag("--cpu-time", cpuClock, "CPU time divided by threads, for a machine that is not idle");
  }
  CLI11_PARSE(app, argc, argv);

  // LibTorch takes half of the hardware threads, and glibc gives large tensors back to the system after each use.
  at::set_num_threads(threads);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  options.clock = cpuClock ? bench::Clock::Cpu : bench::Clock::Wall;
  std::printf("LibTorch %s, %d threads, %s, medians of %d\n", TORCH_VERSION, threads,
              cpuClock ? "CPU time" : "wall time", options.rounds);
  try {
    const auto figures = separation->parsed() ? bench::separation(options) : bench::wholeStep(options);
    if (jsonFile.empty()) return 0;
    const Json document{{"libtorch", TORCH_VERSION}, {"threads", threads}, {"cpu_time", cpuClock}, {"rows", figures}};
    if (const auto written = writeJson(jsonFile, document); !written) {
      std::fprintf(stderr, "%s\n", written.error().text().c_str());
      return 1;
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
