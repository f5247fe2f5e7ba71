#include "core/io/dicom/SeriesCheck.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <set>

#include "core/io/dicom/SeriesSplit.h"
#include "core/io/dicom/SeriesWhose.h"
#include "core/io/dicom/SliceDistances.h"
#include "core/io/dicom/Upright.h"

namespace lorkd::io {
namespace {

using Severity = Finding::Severity;

std::string name(const SliceHeader& h) { return h.file.filename().string(); }

std::string mm(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.3g mm", value);
  return buffer;
}

// What each slice must have by itself. False when no geometry can be made.
bool checkSlices(Series& series, const std::vector<SliceHeader>& headers) {
  const auto first = [&](const std::string& code, const std::string& what, const auto& wrong) {
    const auto count = std::ranges::count_if(headers, wrong);
    if (count == 0) return;
    const auto& h = *std::ranges::find_if(headers, wrong);
    add(series, Severity::Unusable, code,
        what + ": " + name(h) + (h.truncation.empty() || code != "truncated" ? "" : " (" + h.truncation + ")") +
            (count > 1 ? " and " + std::to_string(count - 1) + " more" : ""));
  };
  first("truncated", "the file is shorter than its header says", [](const auto& h) { return !h.truncation.empty(); });
  first("mosaic",
        "the picture is a mosaic of slices (ImageType MOSAIC), and Siemens' own header, which says how many there are "
        "and where they lie, is missing or damaged: export the series anew with its private elements",
        [](const auto& h) { return h->tiles < 0; });
  first("not-grayscale", "colour pictures make no volume",
        [](const auto& h) { return h->samples != 1 || !h->photometric.starts_with("MONOCHROME"); });
  first("unsupported-codec", "the compression cannot be decoded",
        [](const auto& h) { return !canDecode(h->transferSyntax); });
  first("no-position", "the header does not say where the slice lies",
        [](const auto& h) { return !h.position || !h->orientation; });
  const auto noSpacing = [](const auto& h) { return !h->spacing; };
  const auto faulty = std::ranges::find_if(headers, [](const auto& h) { return !h->faultySpacing.empty(); });
  first("no-pixel-spacing",
        faulty == headers.end()
            ? "the header does not give the pixel spacing"
            : "the Pixel Spacing is \"" + (*faulty)->faultySpacing + "\", which is not two numbers above 0",
        noSpacing);
  for (const auto& f : series.findings)
    if (f.code == "no-position" || f.code == "no-pixel-spacing") return false;
  return true;
}

// PET values mean the same in all slices only where units and the moment that decay is corrected to are the same
// (PS3.3 section C.8.9.1).
void checkPet(Series& series, const std::vector<SliceHeader>& headers) {
  const auto same = [&](const std::string& code, const std::string& what, std::string SeriesHeader::*field) {
    const auto value = [&](const SliceHeader& h) { return (*h.series).*field; };
    const auto& front = headers.front();
    const auto other = std::ranges::find_if(
        headers, [&](const SliceHeader& h) { return h.series != front.series && value(h) != value(front); });
    if (other == headers.end()) return;
    const auto word = [&](const SliceHeader& h) { return (value(h).empty() ? "none" : value(h)) + " in " + name(h); };
    add(series, Severity::Unusable, code, what + ": " + word(front) + ", " + word(*other));
  };
  if (headers.front()->modality != "PT") return;
  same("mixed-units", "the values of the slices have different units", &SeriesHeader::units);
  same("mixed-decay", "the values of the slices are corrected for decay to different moments",
       &SeriesHeader::decayCorrection);
  if (series.usable() && headers.front()->decayCorrection == "NONE")
    add(series, Severity::Warning, "no-decay-correction",
        "the values are as measured, without correction for decay: slices of different moments differ by it");
}

std::string counted(std::size_t n) { return std::to_string(n) + (n == 1 ? " slice" : " slices"); }

// In words where slices are missing; `between` names the two slices around a gap.
template <class Between>
std::string gapText(const SliceDistances& found, double usual, Between between) {
  std::size_t missing = 0, odd = 0;
  std::string places;
  for (std::size_t n = 0; n < found.gaps.size(); ++n) {
    const auto& gap = found.gaps[n];
    missing += gap.missing;
    odd += gap.multiple ? 0 : 1;
    if (n < 3) places += (n ? ", " : "") + between(gap.after) + " (" + mm(gap.width) + ")";
  }
  if (found.gaps.size() > 3) places += " and at " + std::to_string(found.gaps.size() - 3) + " more";
  if (odd == found.gaps.size())
    return (odd == 1 ? "there is a gap " : "there are gaps ") + places + ", where slices lie " + mm(usual) +
           " apart otherwise; it is no multiple of that";
  return (odd > 0 ? "about " : "") + counted(missing) + (missing == 1 ? " is" : " are") + " missing, " + places +
         "; the usual distance is " + mm(usual);
}

// "14 slices 4 mm apart, then 14 slices 7 mm apart (from b.dcm on)".
std::string rowsText(const std::vector<SliceRow>& rows, const std::vector<SliceHeader>& headers) {
  std::string out;
  for (const auto& row : rows)
    out += (out.empty() ? "" : ", then ") + counted(row.slices) + " " + mm(row.distance) + " apart" +
           (row.first > 0 ? " (from " + name(headers[row.first]) + " on)" : "");
  return out;
}

// Even spacing along the normal. Returns the spacing, and whether slices must be interpolated to have it.
std::pair<double, bool> checkGaps(Series& series, const std::vector<SliceHeader>& headers) {
  const auto& at = series.instances;
  const std::size_t n = at.size();
  std::vector<double> distances, positions;
  for (const auto& instance : at) positions.push_back(instance.position);
  for (std::size_t k = 1; k < n; ++k) distances.push_back(positions[k] - positions[k - 1]);
  const auto between = [&](std::size_t k) {
    return "between " + name(headers[k]) + " and " + name(headers[k + 1]) + " at " + mm(at[k].position);
  };
  const double same = samePlace(positions);
  const auto isDouble = [same](double distance) { return distance < same; };
  const auto doubled = std::ranges::count_if(distances, isDouble);
  std::vector<double> sorted = distances;
  std::erase_if(sorted, isDouble);
  if (sorted.empty()) sorted = {0};
  // The lower of two middle ones: a missing slice makes a distance wider.
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  const double median = *middle;
  if (doubled > 0) {
    const auto first = std::ranges::find_if(distances, isDouble) - distances.begin();
    add(series, Severity::Unusable, "duplicate-slice",
        std::to_string(doubled) + " slice(s) lie where another one lies, first " +
            between(static_cast<std::size_t>(first)) + "; the series may hold several phases or echoes");
    return {median > 0 ? median : 1.0, false};
  }

  const double length = positions.back() - positions.front(), mean = length / static_cast<double>(n - 1);
  double worst = 0;
  for (std::size_t k = 0; k < n; ++k)
    worst = std::max(worst, std::abs(positions[k] - positions.front() - static_cast<double>(k) * mean));
  const auto off = "lie up to " + mm(worst) + " off an even spacing of " + mm(mean);
  if (worst <= kPlaneTolerance * mean) {
    if (worst > 0.01 * mean) add(series, Severity::Warning, "uneven-spacing", "slices " + off);
    return {mean, false};
  }
  const auto found = readDistances(distances);
  const auto remedy = "; with consent the volume is interpolated, a slice every " +
                      mm(length / std::max(1.0, std::round(length / median)));
  if (!found.gaps.empty())
    add(series, Severity::Consent, "missing-slice", gapText(found, found.rows.front().distance, between) + remedy);
  if (found.rows.size() > 1)
    add(series, Severity::Consent, "uneven-spacing",
        "the distance of slices changes, as between two protocols: " + rowsText(found.rows, headers) + remedy);
  else if (found.gaps.empty()) {
    const auto [least, most] = std::ranges::minmax(distances);
    add(series, Severity::Consent, "uneven-spacing",
        "slices lie irregularly, " + mm(least) + " to " + mm(most) + " apart: they " + off + remedy);
  }
  return {median, true};
}

// Slices must stack straight along the normal, or straight at an angle to it. True when it is an angle.
bool checkTilt(Series& series, const std::vector<SliceHeader>& headers, const image::Vec3& normal) {
  const auto offset = [&](const SliceHeader& h) {
    auto d = image::minus(*h.position, *headers.front().position);
    const double along = image::dot(d, normal);
    for (std::size_t a = 0; a < 3; ++a) d[a] -= along * normal[a];
    return d;
  };
  const double length = series.instances.back().position - series.instances.front().position;
  const auto last = offset(headers.back());
  const double pixel = std::min(series.geometry.spacing[0], series.geometry.spacing[1]);
  double worst = 0, worstOffLine = 0;
  for (std::size_t k = 0; k < headers.size(); ++k) {
    const auto d = offset(headers[k]);
    const double share = length > 0 ? (series.instances[k].position - series.instances.front().position) / length : 0;
    const auto rest = image::minus(d, {last[0] * share, last[1] * share, last[2] * share});
    worst = std::max(worst, std::sqrt(image::dot(d, d)));
    worstOffLine = std::max(worstOffLine, std::sqrt(image::dot(rest, rest)));
  }
  if (worst <= kPlaneTolerance * pixel) return false;
  // A gantry tilts by 30 degrees at most; what leans further is no stack.
  if (worstOffLine > kPlaneTolerance * pixel || worst > length) {
    add(series, Severity::Unusable, "shifted-slices", "slices are shifted sideways by up to " + mm(worst));
    return false;
  }
  char angle[32];
  std::snprintf(angle, sizeof angle, "%.1f", std::atan2(worst, length) * 180 / std::numbers::pi);
  add(series, Severity::Warning, "gantry-tilt",
      std::string("the slices are stacked at ") + angle + " degrees to their normal; a shear puts the volume upright");
  return true;
}

}  // namespace

bool Series::usable() const {
  return std::ranges::none_of(findings, [](const Finding& f) { return f.severity == Severity::Unusable; });
}

void add(Series& series, Severity severity, const std::string& code, const std::string& message) {
  series.findings.push_back({severity, code, message});
}

bool canDecode(const std::string& transferSyntax) {
  static const std::set<std::string> known{UID_LittleEndianImplicitTransferSyntax,
                                           UID_LittleEndianExplicitTransferSyntax,
                                           UID_BigEndianExplicitTransferSyntax,
                                           UID_DeflatedExplicitVRLittleEndianTransferSyntax,
                                           UID_RLELosslessTransferSyntax,
                                           UID_JPEGProcess1TransferSyntax,
                                           UID_JPEGProcess2_4TransferSyntax,
                                           UID_JPEGProcess14TransferSyntax,
                                           UID_JPEGProcess14SV1TransferSyntax,
                                           UID_JPEGLSLosslessTransferSyntax,
                                           UID_JPEGLSLossyTransferSyntax,
                                           UID_JPEG2000LosslessOnlyTransferSyntax,
                                           UID_JPEG2000TransferSyntax};
  return known.contains(transferSyntax);
}

std::string decimalCommaText(const std::string& elements, const std::filesystem::path& file) {
  return elements + " is written with a comma in " + file.filename().string() +
         " and read with a decimal point in its place: \"2,5\" as 2.5";
}

Series describeSeries(const SliceHeader& h) {
  Series s;
  s.patientId = h->patientId;
  s.patientName = h->patientName;
  s.studyUid = h->studyUid;
  s.seriesUid = h->seriesUid;
  s.frameOfReferenceUid = h->frameOfReferenceUid;
  s.sopClassUid = h->sopClassUid;
  s.modality = h->modality;
  s.bodyPart = h->bodyPart;
  s.description = h->description;
  s.studyDate = h->studyDate;
  s.transferSyntax = h->transferSyntax;
  return s;
}

namespace {

// A volume out of slices of one size and direction, which are sorted. Its instances have no files yet.
Series checkStack(Series series, std::vector<SliceHeader>& headers) {
  const bool placed = checkSlices(series, headers);
  checkPet(series, headers);
  image::Vec3 normal{0, 0, 1};
  if (const auto& o = headers.front()->orientation; placed && o) {
    normal = image::cross((*o)[0], (*o)[1]);
    const auto along = [&](const SliceHeader& h) { return image::dot(*h.position, normal); };
    if (!std::ranges::is_sorted(headers, {}, along)) std::ranges::stable_sort(headers, {}, along);
  }
  const auto along = [&](const SliceHeader& h) { return h.position ? image::dot(*h.position, normal) : 0.0; };
  for (const auto& h : headers) series.instances.push_back({{}, {}, along(h), h.frame});

  const auto& front = headers.front();
  auto& g = series.geometry;
  g.size = {front->columns, front->rows, static_cast<std::int64_t>(headers.size())};
  if (!placed) return series;
  g.origin = *front.position;
  g.spacing = {(*front->spacing)[0], (*front->spacing)[1], front->sliceThickness > 0 ? front->sliceThickness : 1.0};
  for (std::size_t r = 0; r < 3; ++r)
    g.direction[r] = {(*front->orientation)[0][r], (*front->orientation)[1][r], normal[r]};
  if (headers.size() == 1) {
    add(series, Severity::Warning, "single-slice",
        "the series has one slice: it can be used as a picture, not as a volume");
    return series;
  }
  const auto [spacing, uneven] = checkGaps(series, headers);
  g.spacing[2] = spacing;
  const bool aslant = checkTilt(series, headers, normal);
  if (!series.usable()) return series;
  if (uneven || aslant) {
    const double given = static_cast<double>(g.voxels());
    for (const auto& h : headers) series.origins.push_back(*h.position);
    g = uprightGrid(g, series.origins);
    if (static_cast<double>(g.voxels()) > 4 * given)
      add(series, Severity::Unusable, "mostly-missing",
          "an even and upright volume would have " + std::to_string(g.size[0]) + " x " + std::to_string(g.size[1]) +
              " x " + std::to_string(g.size[2]) + " voxels, more than four times those of the slices");
  }
  if (!g.plausible())
    add(series, Severity::Unusable, "implausible-grid",
        "the slices span " + std::to_string(g.size[2]) + " planes " + mm(g.spacing[2]) +
            " apart, which cannot be right");
  return series;
}

// What may tell who the patient is.
void checkPrivacy(Series& series, const std::vector<SliceHeader>& headers) {
  const auto check = [&](bool SeriesHeader::*flag, Severity severity, const char* code, const std::string& what) {
    const auto count = std::ranges::count_if(headers, [&](const SliceHeader& h) { return (*h.series).*flag; });
    if (count > 0)
      add(series, severity, code, std::to_string(count) + " of " + std::to_string(headers.size()) + " " + what);
  };
  check(&SeriesHeader::burnedIn, Severity::Warning, "burned-in",
        "slice(s) say that annotations are burned into the pixels: names may be read in every picture made of them");
  check(&SeriesHeader::privateElements, Severity::Note, "private-elements",
        "header(s) hold private elements, in which makers may repeat names and dates");
}

// How the slices were made out of what the files say.
void addNotes(Series& series, const SeriesPart& part) {
  const auto& slices = part.slices;
  if (const auto tiles = std::ranges::count_if(slices, [](const auto& h) { return h->tiles > 0; }); tiles > 0)
    add(series, Severity::Note, "mosaic",
        std::to_string(tiles) + " slice(s) are tiles of Siemens mosaics, which are taken apart");
  if (part.byOrder)
    add(series, Severity::Note, "by-order",
        "the trigger times differ from slice to slice: at each place the slices are counted in their order in time");
  const auto comma = std::ranges::find_if(slices, [](const auto& h) { return !h->decimalCommas.empty(); });
  if (comma != slices.end())
    add(series, Severity::Warning, "decimal-comma", decimalCommaText((*comma)->decimalCommas, comma->file));
  const auto unnamed = std::ranges::count_if(slices, [](const auto& h) { return h.sopInstanceUid.empty(); });
  if (unnamed > 0)
    add(series, Severity::Note, "no-instance-uid",
        std::to_string(unnamed) + " of " + std::to_string(slices.size()) +
            " slice(s) have no SOP Instance UID: copies of them are not recognised, and labels cannot refer to them");
}

Series describePart(const SeriesPart& part, const std::string& others) {
  Series series = describeSeries(part.slices.front());
  series.part = part.name;
  checkPrivacy(series, part.slices);
  addNotes(series, part);
  if (part.kind == SeriesPart::Kind::Scout)
    add(series, Severity::Unusable, "scout", "scout images (localizers), no volume");
  if (part.kind == SeriesPart::Kind::Page && !others.empty())
    add(series, Severity::Unusable, "report-page",
        std::to_string(part.slices.size()) + " picture(s) without a place in the volume, such as report pages");
  if (part.kind == SeriesPart::Kind::Stack && !others.empty())
    add(series, Severity::Note, "split",
        (part.name.empty() ? std::string("split from ") : part.name + ": split from ") + others + " of its series");
  return series;
}

// One patient's slices of one study.
std::vector<Series> checkWhose(WhoseSlices whose) {
  auto parts = splitSeries(std::move(whose.slices));
  std::vector<std::string> names;
  for (const auto& part : parts)
    names.push_back(part.name.empty() ? std::to_string(part.slices.size()) + " slices" : part.name);
  std::vector<Series> found;
  for (auto& part : parts) {
    std::string others;
    if (parts.size() > 4)
      others = std::to_string(parts.size() - 1) + " other parts";
    else
      for (std::size_t n = 0; n < parts.size(); ++n)
        if (&parts[n] != &part) others += (others.empty() ? "" : "; ") + names[n];
    auto series = describePart(part, others);
    // What only warns of copies stands once.
    for (std::size_t n = whose.findings.size(); n-- > 0;)
      if (found.empty() || whose.findings[n].code != "duplicate-file")
        series.findings.insert(series.findings.begin(), whose.findings[n]);
    if (series.usable())
      series = checkStack(std::move(series), part.slices);
    else
      for (const auto& h : part.slices) series.instances.push_back({{}, {}, 0, h.frame});
    for (std::size_t n = 0; n < part.slices.size(); ++n) {
      series.instances[n].file = std::move(part.slices[n].file);
      series.instances[n].sopInstanceUid = std::move(part.slices[n].sopInstanceUid);
    }
    if (!whose.name.empty()) series.part = whose.name + (series.part.empty() ? "" : ", ") + series.part;
    found.push_back(std::move(series));
  }
  return found;
}

}  // namespace

std::vector<Series> checkSeries(std::vector<SliceHeader> headers) {
  std::vector<Series> found;
  for (auto& whose : splitByWhose(std::move(headers)))
    std::ranges::move(checkWhose(std::move(whose)), std::back_inserter(found));
  return found;
}

}  // namespace lorkd::io
