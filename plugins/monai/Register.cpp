#include "core/plugin/Registry.h"
#include "plugins/monai/DataList.h"

void register_monai(lorkd::plugin::Registry& registry) { registry.add(lorkd::monai::reader()); }
