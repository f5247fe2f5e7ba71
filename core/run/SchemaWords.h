// Schema fields in words: what a fault, a form or a help text says about a field. Internal to core/run.
#pragma once

#include <string>
#include <vector>

#include "core/base/Json.h"

namespace lorkd::plan {

/// The schema document, resources/schema/plan.schema.json.
extern const char* const schemaText;

/// `field` itself, or the definition that its $ref names with the title and description of the reference.
Json resolve(const Json& field);

/// "1 to 256", "-5000 to 100000 HU", "one of: auto, cpu, cuda", "true or false", "3 whole numbers, each 8 to 1024
/// voxels". `withType` says of a number's range what kind of number it is.
std::string allowedWords(const Json& field, bool withType);

/// The name among `known` nearest to `wrong` by edit distance, or empty when none is near.
std::string nearest(const std::string& wrong, const std::vector<std::string>& known);

/// "did you mean 'rank'?" or "known are: a, b, c".
std::string knownHint(const std::string& wrong, const std::vector<std::string>& known);

/// "a, b, c".
std::string joined(const std::vector<std::string>& words);

/// Keys of an object, in order.
std::vector<std::string> keysOf(const Json& object);

/// True if the JSON value has the type that the field asks for (a whole 8.0 counts as an integer).
bool hasType(const Json& field, const Json& value);

}  // namespace lorkd::plan
