// This process and others of this machine.
#pragma once

#include <cstdint>
#include <string>

namespace lorkd {

/// The name of this machine; "unknown" where the system tells none.
std::string hostName();

/// When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 if that cannot be read. With it a
/// process id that has been given to another process is told from the first one's.
std::int64_t startOf(std::int64_t pid);

/// Whether process `pid` of this machine, started at `started` (0: not known), still runs.
bool processRuns(std::int64_t pid, std::int64_t started);

}  // namespace lorkd
