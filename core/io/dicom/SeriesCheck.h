// Turns the slices of one series into volumes' geometries, or into the reasons why they make none.
// Inside this room only.
#pragma once

#include <vector>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// How far a slice may lie from its place on an even grid, as a share of the slice spacing: positions rounded to a
/// tenth of a millimetre pass, a missing or doubled slice does not.
inline constexpr double kPlaneTolerance = 0.1;

/// Whether readSeries() has a decoder for the transfer syntax.
bool canDecode(const std::string& transferSyntax);

/// Splits the slices of a series into volumes, sorts each along its normal and finds what is wrong with it. `headers`
/// is not empty.
std::vector<Series> checkSeries(std::vector<SliceHeader> headers);

/// The identifying fields alone, for series of any kind.
Series describeSeries(const SliceHeader& header);

/// What a warning says of numbers with decimal commas, see dicom::decimalCommas().
std::string decimalCommaText(const std::string& elements, const std::filesystem::path& file);

void add(Series& series, Finding::Severity severity, const std::string& code, const std::string& message);

}  // namespace lorkd::io
