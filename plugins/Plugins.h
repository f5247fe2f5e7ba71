// Every plugin of this build.
#pragma once

namespace lorkd {

namespace plugin {
class Registry;
}

/// Calls the register function of each plugin; the composition roots do it once at start.
void registerPlugins(plugin::Registry& registry);

}  // namespace lorkd
