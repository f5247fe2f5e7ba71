// What of an error may be shown to whoever sees a run.
#pragma once

#include <string>

#include "core/base/Error.h"

namespace lorkd::workflow {

/// Message and hint, after the pseudonym of the case that it happened to, where that is known. The context, which often
/// is a path, and with it a name, stays out.
std::string shareable(const Error& error);

}  // namespace lorkd::workflow
