#include "core/base/Log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace lorkd::log {

void setup(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("lorkd", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%H:%M:%S %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(logger);
}

}  // namespace lorkd::log
