// Other programs, as judges and as makers of files.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace lorkd::test {

/// How a program ended, and what it wrote.
struct Verdict {
  int code = -1;
  std::string output;
};

/// Runs a shell command; stdout and stderr together.
inline Verdict run(const std::string& command) {
  Verdict verdict;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return verdict;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) verdict.output.append(buffer, n);
  verdict.code = WEXITSTATUS(::pclose(pipe));
  return verdict;
}

}  // namespace lorkd::test
