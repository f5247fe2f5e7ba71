// Turns the instances of one series into a volume's geometry, or into the reasons why they make none.
// Inside this room only.
#pragma once

#include <vector>

#include "core/io/InstanceHeader.h"

namespace lorkd::io {

/// How far a slice may lie from its place on an even grid, as a share of the slice spacing: positions rounded to a
/// tenth of a millimetre pass, a missing or doubled slice does not.
inline constexpr double kPlaneTolerance = 0.1;

/// Whether readSeries() has a decoder for the transfer syntax.
bool canDecode(const std::string& transferSyntax);

/// Sorts image instances along the slice normal and finds what is wrong with them. `headers` is not empty.
Series checkSeries(std::vector<InstanceHeader> headers);

/// The identifying fields alone, for series of any kind.
Series describeSeries(const InstanceHeader& header);

void add(Series& series, Finding::Severity severity, const std::string& code, const std::string& message);

}  // namespace lorkd::io
