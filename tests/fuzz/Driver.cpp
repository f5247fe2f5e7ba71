// A coverage-guided fuzzer in one file. Clang 14, whose libFuzzer this could be, cannot compile the std::expected of
// GCC 12, and the GCC plugin of Debian's AFL++ refuses Debian's GCC. Targets keep libFuzzer's signature, so either may
// take over where it works.
//
// A child runs the inputs and the parent keeps a shared copy of the one at work: whatever ends the child (a sanitizer,
// a signal, the clock, the limit on memory), the input that did it is saved.
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "tests/fuzz/Mutator.h"
#include "tests/support/TemporaryFolder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// What the compiler calls where the code under test branches and compares (-fsanitize-coverage=trace-pc,trace-cmp).
extern "C" const char __executable_start;
namespace {

bool tracing = false;
std::uint64_t previous = 0;
alignas(8) std::array<std::uint8_t, 1 << 16> hits;
lorkd::fuzz::Comparisons comparisons;

std::uint64_t place(const void* code) {  // the same wherever the program was loaded
  return static_cast<std::uint64_t>(static_cast<const char*>(code) - &__executable_start) * 0x9e3779b97f4a7c15ull >> 48;
}

void compared(const void* code, std::uint64_t a, std::uint64_t b, unsigned bytes) {
  if (tracing && a != b) comparisons.add(place(code), {a, b, bytes});
}

}  // namespace

#define LORKD_HERE __builtin_return_address(0)
extern "C" {
void __sanitizer_cov_trace_pc() {
  if (!tracing) return;
  const auto here = place(LORKD_HERE);
  auto& count = hits[(here ^ previous) & 0xffff];
  count = static_cast<std::uint8_t>(count + (count < 255));
  previous = here >> 1;
}
void __sanitizer_cov_trace_cmp1(std::uint8_t a, std::uint8_t b) { compared(LORKD_HERE, a, b, 1); }
void __sanitizer_cov_trace_cmp2(std::uint16_t a, std::uint16_t b) { compared(LORKD_HERE, a, b, 2); }
void __sanitizer_cov_trace_cmp4(std::uint32_t a, std::uint32_t b) { compared(LORKD_HERE, a, b, 4); }
void __sanitizer_cov_trace_cmp8(std::uint64_t a, std::uint64_t b) { compared(LORKD_HERE, a, b, 8); }
void __sanitizer_cov_trace_const_cmp1(std::uint8_t a, std::uint8_t b) { compared(LORKD_HERE, a, b, 1); }
void __sanitizer_cov_trace_const_cmp2(std::uint16_t a, std::uint16_t b) { compared(LORKD_HERE, a, b, 2); }
void __sanitizer_cov_trace_const_cmp4(std::uint32_t a, std::uint32_t b) { compared(LORKD_HERE, a, b, 4); }
void __sanitizer_cov_trace_const_cmp8(std::uint64_t a, std::uint64_t b) { compared(LORKD_HERE, a, b, 8); }
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}
void __sanitizer_cov_trace_switch(std::uint64_t value, const std::uint64_t* cases) {
  for (std::uint64_t n = 0; n < cases[0]; ++n)
    compared(reinterpret_cast<const char*>(LORKD_HERE) + n, cases[n + 2], value, static_cast<unsigned>(cases[1] / 8));
}
// One allocation, and all memory, stay bounded; other options can be given from outside.
const char* __asan_default_options() {
  return "max_allocation_size_mb=256:hard_rss_limit_mb=1024:quarantine_size_mb=16:detect_leaks=0:abort_on_error=1";
}
const char* __ubsan_default_options() { return "print_stacktrace=1:abort_on_error=1"; }
}

namespace lorkd::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargest = 1 << 20;
constexpr int kSlow = 2;  // seconds of processor time for one input

struct Options {
  double seconds = 5;
  std::uint64_t seed = 1;
  std::size_t longest = 4096;
  fs::path corpus;  // where inputs that reach something new are kept
  std::vector<fs::path> seeds;
};

struct Shared {
  std::size_t size;
  std::uint8_t data[kLargest];
};

std::vector<std::string> inputsOf(const std::vector<fs::path>& places) {
  std::vector<fs::path> files;
  for (const auto& at : places)
    if (fs::is_directory(at))
      for (const auto& entry : fs::directory_iterator(at)) files.push_back(entry.path());
    else
      files.push_back(at);
  std::ranges::sort(files);
  std::vector<std::string> out;
  for (const auto& file : files)
    if (auto bytes = readFile(file, kLargest)) out.push_back(std::move(*bytes));
  return out;
}

class Fuzzer {
 public:
  Fuzzer(const Options& options, Shared& shared) : m_options(options), m_shared(shared) {}

  int run() {
    auto places = m_options.seeds;
    if (!m_options.corpus.empty()) places.push_back(m_options.corpus);
    for (auto& seed : inputsOf(places)) take(std::move(seed), true);
    if (m_corpus.empty()) take("", true);
    const auto seeds = m_corpus.size();
    Mutator mutator(m_options.seed, m_options.longest, comparisons);
    while (elapsed() < m_options.seconds) take(mutator.next(m_corpus), false);
    std::printf("%zu inputs in %.1f s, %zu of them seeds, %zu kept; %zu places reached; longest %.0f ms\n", m_runs,
                elapsed(), seeds, m_corpus.size(), m_places, m_longest * 1000);
    if (m_places == 0) std::printf("nothing was traced: is the target compiled with -fsanitize-coverage?\n");
    return m_places == 0;
  }

 private:
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - m_start).count(); }

  void take(std::string input, bool seed) {
    m_shared.size = input.size();
    std::memcpy(m_shared.data, input.data(), input.size());
    // Memory of its own, so that a byte read too many is found out.
    std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[input.size()]);
    std::memcpy(bytes.get(), input.data(), input.size());
    const itimerval limit{{}, {kSlow, 0}};
    hits.fill(0);
    const auto begin = Clock::now();
    ::setitimer(ITIMER_PROF, &limit, nullptr);
    previous = 0;
    tracing = true;
    LLVMFuzzerTestOneInput(bytes.get(), input.size());
    tracing = false;
    ++m_runs;
    m_longest = std::max(m_longest, std::chrono::duration<double>(Clock::now() - begin).count());
    if (!reachedNew() && !seed) return;
    if (!seed && !m_options.corpus.empty()) {
      const auto file = m_options.corpus / sha256(input).substr(0, 16);
      if (!writeFileAtomically(file, input)) std::abort();
    }
    m_corpus.push_back(std::move(input));
  }

  // A branch never taken before, or taken a number of times that is of a new order.
  bool reachedNew() {
    bool any = false;
    for (std::size_t n = 0; n < hits.size(); ++n) {
      if (std::uint64_t eight = 0; n % 8 == 0 && (std::memcpy(&eight, &hits[n], 8), eight == 0)) n += 7;
      if (hits[n] == 0) continue;
      const int order = hits[n] < 4 ? hits[n] - 1 : hits[n] < 8 ? 3 : hits[n] < 16 ? 4 : hits[n] < 128 ? 5 : 6;
      const auto bit = static_cast<std::uint8_t>(1u << order);
      m_places += m_seen[n] == 0;
      any |= (m_seen[n] & bit) == 0;
      m_seen[n] = m_seen[n] | bit;
    }
    return any;
  }

  const Options& m_options;
  Shared& m_shared;
  std::vector<std::string> m_corpus;
  std::array<std::uint8_t, 1 << 16> m_seen{};
  std::size_t m_runs = 0, m_places = 0;
  double m_longest = 0;
  Clock::time_point m_start = Clock::now();
};

int watch(pid_t child, const Shared& shared) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(shared.data), shared.size);
  const fs::path file = fs::absolute("fault-" + sha256(input).substr(0, 16));
  const bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
  const bool saved = writeFileAtomically(file, input).has_value();
  std::printf(
      "FAULT: %s; its input of %zu bytes %s %s; give it as the only argument, with --seconds 0, to see it again\n",
      slow ? "more than 2 s of processor time" : "see above", input.size(), saved ? "is" : "could not be written to",
      file.c_str());
  return 1;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int n = 1; n < argc; ++n) {
    const std::string word = argv[n];
    const auto value = [&] { return std::string(n + 1 < argc ? argv[++n] : "0"); };
    if (word == "--seconds")
      options.seconds = std::stod(value());
    else if (word == "--seed")
      options.seed = std::stoull(value());
    else if (word == "--longest")
      options.longest = std::min<std::size_t>(std::stoull(value()), kLargest);
    else if (word == "--corpus")
      options.corpus = fs::absolute(value());
    else
      options.seeds.push_back(fs::absolute(word));
  }
  return options;
}

}  // namespace
}  // namespace lorkd::fuzz

// fuzz_TARGET [--seconds N] [--seed N] [--longest BYTES] [--corpus FOLDER] SEEDS...: files, or folders of them.
int main(int argc, char** argv) {
  using namespace lorkd::fuzz;
  namespace fs = std::filesystem;
  const auto options = parse(argc, argv);
  auto* shared =
      static_cast<Shared*>(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (shared == MAP_FAILED) return 1;
  // The child works, and leaves its temporary files, in a folder that goes when it has ended, however it did; in memory
  // where that can be, since files on a disk take a thousand times as long.
  if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  const lorkd::test::TemporaryFolder folder;
  const auto child = ::fork();
  if (child < 0) return 1;
  if (child > 0) return watch(child, *shared);
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  if (::chdir(folder.path().c_str()) != 0) return 1;
  const int code = Fuzzer(options, *shared).run();
  std::fflush(nullptr);
  ::_exit(code);
}
