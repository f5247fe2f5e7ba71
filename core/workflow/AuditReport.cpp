#include "core/workflow/AuditReport.h"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "core/base/Base64.h"
#include "core/base/File.h"
#include "core/data/PictureCase.h"
#include "core/report/Page.h"
#include "core/report/Svg.h"

namespace lorkd::workflow {
namespace {

using data::Audit, data::AuditedImage, data::Double, data::Judged, data::TaskAudit;
using report::section, report::folded;
using report::svg::escape;
using Severity = io::Finding::Severity;

const char* word(Severity severity) {
  static constexpr const char* words[] = {"note", "warning", "consent", "unusable"};
  return words[static_cast<std::size_t>(severity)];
}

std::string gridText(const image::Geometry& g) {
  if (g.pixels) return fmt::format("{} × {} pixels", g.size[0], g.size[1]);
  return fmt::format("{} × {} × {} at {:.3g} × {:.3g} × {:.3g} mm", g.size[0], g.size[1], g.size[2], g.spacing[0],
                     g.spacing[1], g.spacing[2]);
}

/// Header text that is a code and nothing else: anything might stand there.
std::string codeOnly(const std::string& text) {
  const bool code = text.size() <= 16 && std::ranges::all_of(text, [](char c) {
                      return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
                    });
  return code ? text : std::string();
}

std::string kindText(const data::Case& c) {
  const auto kind = !c.modality.empty() ? c.modality : c.kind == data::kPictureCase ? "picture" : c.kind;
  return c.bodyPart.empty() ? kind : kind + " " + c.bodyPart;
}

std::string rangeText(const data::Reading& r, const std::string& modality) {
  return fmt::format("{:.0f} to {:.0f}{} (99 % within {:.0f} to {:.0f})", r.lowest, r.highest,
                     modality == "CT" ? " HU" : "", r.percentiles[0], r.percentiles[2]);
}

std::string adviceText(const data::Advice& a) {
  return fmt::format("spacing {:.2f} × {:.2f} × {:.2f} mm, patch {} × {} × {}", a.spacing[0], a.spacing[1],
                     a.spacing[2], a.patch[0], a.patch[1], a.patch[2]);
}

std::string doubleText(const Double& d) {
  static const std::map<std::string, std::string> same{
      {"pixels", "have the same voxels"}, {"series", "are of one series"}, {"patient", "are of one patient"}};
  return fmt::format(
      "{} and {} {}{}", d.a, d.b, same.at(d.what),
      d.leak ? fmt::format(": one is in {}, the other in {}", toString(d.splitA), toString(d.splitB)) : "");
}

std::size_t patientsOf(const Audit& audit) {
  std::set<std::string> patients;
  for (const auto& i : audit.images) patients.insert(i.item.patient);
  return patients.size();
}

std::string figures(const Audit& audit) {
  std::string out;
  const auto card = [&](std::size_t value, const std::string& label) {
    out += fmt::format("<div class='card'><b>{}</b><span>{}</span></div>", value, label);
  };
  card(audit.images.size(), "images");
  card(patientsOf(audit), "patients");
  card(static_cast<std::size_t>(audit.leftOut()), "images left out");
  card(audit.rejected.size(), "files or series that are no image");
  card(static_cast<std::size_t>(audit.leaks()), "leaks between splits");
  return "<div class='cards'>" + out + "</div>\n";
}

std::string doublesPart(const Audit& audit) {
  std::string out;
  for (const bool leak : {true, false})
    for (const auto& d : audit.doubles)
      if (d.leak == leak)
        out += fmt::format("<li>{}{}</li>", leak ? "<span class='severity unusable'>leak</span> " : "",
                           escape(doubleText(d)));
  if (!out.empty()) return "<ul class='findings'>" + out + "</ul>";
  const bool read = std::ranges::any_of(audit.images, [](const auto& i) { return i.reading.has_value(); });
  const bool divided = std::ranges::any_of(audit.images, [](const auto& i) { return i.split.has_value(); });
  return fmt::format("<p class='note'>No two images are of one series{}.{}</p>", read ? " or have the same voxels" : "",
                     std::string(read ? "" : " Voxels were not read, so that copies are not known.") +
                         (divided ? " No patient stands in two splits."
                                  : " There are no splits yet, so that leaks between them are not known."));
}

/// How often which distance between slices, and within them, occurs.
std::string spacingPart(const TaskAudit& task) {
  static constexpr const char* axes[] = {"left to right", "front to back", "feet to head"};
  std::string out;
  for (std::size_t a = 0; a < 3; ++a) {
    std::map<double, int> counts;
    for (const double s : task.spacings[a]) ++counts[std::round(s * 10) / 10];
    if (counts.empty()) continue;
    std::vector<std::string> names;
    std::vector<double> shares;
    for (const auto& [spacing, count] : counts) {
      names.push_back(fmt::format("{:.1f} mm ({})", spacing, count));
      shares.push_back(count / static_cast<double>(task.spacings[a].size()));
    }
    constexpr std::size_t kMost = 16;
    if (names.size() > kMost) names.resize(kMost), shares.resize(kMost);
    out += fmt::format("<figure><figcaption>spacing {}</figcaption>{}</figure>", axes[a],
                       report::svg::bars(std::string("Share of images by spacing, ") + axes[a], names, shares, 300));
  }
  return out.empty() ? "" : "<div class='grid'>" + out + "</div>";
}

std::string taskPart(const TaskAudit& task, bool read) {
  std::string out =
      "<div class='scroll'><table><thead><tr><th></th><th class='n'>train</th><th class='n'>validation"
      "</th><th class='n'>test</th></tr></thead><tbody>";
  out += fmt::format("<tr><th>images</th><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td></tr>",
                     task.images[0], task.images[1], task.images[2]);
  out += fmt::format("<tr><th>patients</th><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td></tr>",
                     task.patients[0], task.patients[1], task.patients[2]);
  out +=
      "</tbody></table></div><div class='scroll'><table><thead><tr><th>class</th><th class='n'>images</th>"
      "<th class='n'>patients</th><th class='n'>named, but empty</th><th class='n'>not annotated</th><th "
      "class='n'>median volume</th></tr></thead>"
      "<tbody>";
  for (const auto& c : task.classes)
    out += fmt::format(
        "<tr><th>{}</th><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td><td "
        "class='n'>{}</td></tr>",
        escape(c.name), c.images, c.patients, read ? std::to_string(c.empty) : "not read", c.unannotated,
        c.medianMl > 0 ? fmt::format("{:.1f} ml", c.medianMl) : "");
  out += "</tbody></table></div>" + spacingPart(task);
  if (task.advice.patch[0] > 0) out += "<p class='note'>Suits these images: " + adviceText(task.advice) + ".</p>";
  return out;
}

std::string imagePart(const AuditedImage& i, const Audit& audit) {
  std::string out = fmt::format("<div class='image{}'>", i.leftOut ? " out" : "");
  // Secondary captures and ultrasound show what is written into them: names, mostly.
  static const std::set<std::string> safe{"CT", "MR", "PT", ""};
  auto shown = i.item;
  shown.modality = codeOnly(shown.modality);
  shown.bodyPart = codeOnly(shown.bodyPart);
  const bool burnedIn = std::ranges::any_of(i.findings, [](const auto& j) { return j.finding.code == "burned-in"; });
  out += i.reading && !burnedIn && !i.item.geometry.pixels && safe.contains(shown.modality)
             ? fmt::format("<img alt='middle slice' src='data:image/png;base64,{}'>", base64(i.reading->thumbnail))
             : fmt::format("<span class='none'>{}</span>", i.reading ? "not shown" : "");
  out += fmt::format("<div><b>{}</b> <small>{}</small><br>{}<br>{}", escape(i.item.id), escape(i.item.patient),
                     escape(kindText(shown)), i.item.kind == "picture" ? "" : gridText(i.item.geometry));
  if (i.reading) out += "<br>" + escape(rangeText(*i.reading, i.item.modality));
  std::string tasks;
  for (const int t : i.tasks)
    if (static_cast<std::size_t>(t) < audit.tasks.size())
      tasks += (tasks.empty() ? "" : ", ") + audit.tasks[static_cast<std::size_t>(t)].name;
  out += fmt::format("<br><small>{} structures{}{}</small>", i.item.labels.size(),
                     tasks.empty() ? "" : " · " + escape(tasks), i.split ? " · " + toString(*i.split) : "");
  std::string findings;
  for (const auto& [f, done] : i.findings)
    findings +=
        fmt::format("<li><span class='severity {}'>{}</span>: {}</li>", word(f.severity), escape(f.code), escape(done));
  return out + (findings.empty() ? "" : "<ul>" + findings + "</ul>") + "</div></div>\n";
}

std::string rejectedPart(const Audit& audit) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const auto& [place, judged] : audit.rejected) ++counts[{judged.finding.code, judged.done}];
  if (counts.empty()) return {};
  std::string out =
      "<table><thead><tr><th>finding</th><th>what becomes of it</th><th class='n'>files or series</th>"
      "</tr></thead><tbody>";
  for (const auto& [what, count] : counts)
    out += fmt::format("<tr><th>{}</th><td>{}</td><td class='n'>{}</td></tr>", escape(what.first), escape(what.second),
                       count);
  return out + "</tbody></table>";
}

}  // namespace

std::string auditText(const Audit& audit) {
  std::string out;
  for (const auto& i : audit.images) {
    out += fmt::format("{}  {}  {}  {}{}\n", i.item.id, i.item.patient, kindText(i.item), gridText(i.item.geometry),
                       i.split ? "  " + toString(*i.split) : "");
    if (i.reading) out += "  " + rangeText(*i.reading, i.item.modality) + "\n";
    for (const auto& [f, done] : i.findings)
      out += fmt::format("  {} [{}] {}: {}\n", word(f.severity), f.code, f.message, done);
  }
  for (const auto& [place, judged] : audit.rejected)
    out += fmt::format("{} [{}] {}: {}: {}\n", word(judged.finding.severity), judged.finding.code, place.string(),
                       judged.finding.message, judged.done);
  for (const auto& t : audit.tasks) {
    out += fmt::format("\n{}: {} / {} / {} images of {} / {} / {} patients in train / validation / test\n", t.name,
                       t.images[0], t.images[1], t.images[2], t.patients[0], t.patients[1], t.patients[2]);
    for (const auto& c : t.classes)
      out += fmt::format("  {:<28} {:>5} images {:>5} patients{}{}{}\n", c.name, c.images, c.patients,
                         c.medianMl > 0 ? fmt::format("  median {:.1f} ml", c.medianMl) : "",
                         c.empty > 0 ? fmt::format("  {} named, but empty", c.empty) : "",
                         c.unannotated > 0 ? fmt::format("  {} not annotated", c.unannotated) : "");
    if (t.advice.patch[0] > 0) out += "  suits these images: " + adviceText(t.advice) + "\n";
  }
  if (!audit.refusal.empty()) out += "\nthe plan cannot divide these images: " + audit.refusal + "\n";
  out += "\n";
  for (const auto& d : audit.doubles) out += (d.leak ? "LEAK: " : "double: ") + doubleText(d) + "\n";
  return out + fmt::format("{} images of {} patients, {} left out, {} files or series no image, {} leaks\n",
                           audit.images.size(), patientsOf(audit), audit.leftOut(), audit.rejected.size(),
                           audit.leaks());
}

Result<void> writeAuditReport(const std::filesystem::path& file, const Audit& audit) {
  auto page = report::opening("Audit of the data", true);
  page += fmt::format("<header><h1>Audit of the data</h1><p>written {:%Y-%m-%d %H:%M} UTC</p></header>\n",
                      fmt::gmtime(std::time(nullptr)));
  page += figures(audit);
  if (!audit.refusal.empty())
    page += section("The plan cannot divide these images",
                    "<p class='failure'>A task or a class finds no image; the terminal and the wizard say which.</p>");
  page += section("Doubles and leaks", doublesPart(audit));
  const bool read = std::ranges::any_of(audit.images, [](const auto& i) { return i.reading.has_value(); });
  for (const auto& task : audit.tasks) page += section("Task: " + task.name, taskPart(task, read));
  std::string images;
  // What needs a look comes first.
  const auto needsLook = [](const AuditedImage& i) {
    return std::ranges::any_of(i.findings, [](const auto& j) { return j.finding.severity > Severity::Note; });
  };
  for (const bool looked : {true, false})
    for (const auto& i : audit.images)
      if (needsLook(i) == looked) images += imagePart(i, audit);
  page += section("Images", "<div class='images'>" + images + "</div>");
  page += section("What is no image", rejectedPart(audit));
  page += "</main></body></html>\n";
  return writeFileAtomically(file, page);
}

}  // namespace lorkd::workflow
