// The program's log: spdlog's default logger, to stderr. No patient data goes in.
#pragma once

#include <spdlog/spdlog.h>

namespace lorkd::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

/// Sends the default logger to stderr at `level` ("debug", "info", "warn", "error", "off").
void setup(const std::string& level = "info");

}  // namespace lorkd::log
