// Every plugin of this build.
#pragma once

#include "core/plugin/Registry.h"

namespace lorkd {

/// Calls the register function of each plugin; the composition roots do it once at start.
void registerPlugins(plugin::Registry& registry);

}  // namespace lorkd
