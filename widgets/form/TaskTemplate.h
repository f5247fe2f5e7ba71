// Tasks of a plan as a file of their own, {"tasks": {…}}: to be used with other data, here or by `lorkd … --tasks`.
#pragma once

#include <filesystem>

#include "core/base/Error.h"
#include "widgets/form/Proposal.h"

namespace lorkd::form {

/// Where templates are kept unless someone chooses another place.
QString templateFolder();

/// Writes the tasks without what is at its default, and without names of sources, which are those of one plan.
/// Errors: Io; InvalidArgument where there is no task.
Result<void> writeTemplate(const std::filesystem::path& file, const Json& tasks);

/// The tasks of a template or of a whole plan. Errors: NotFound, Io, Format, InvalidArgument, naming file and field.
Result<Json> readTemplate(const std::filesystem::path& file);

/// The tasks with the names that the data have for their labels. A label is one of the same name, else one whose name
/// has the same words in any order, l and r for left and right, else, for a class of one label, those of its code and
/// modifier.
Proposal fitTemplate(const Json& tasks, const DataLabels& data, plan::TaskKind kind);

}  // namespace lorkd::form
