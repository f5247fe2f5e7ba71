// lorkd pacs find, get, send.
#include <map>
#include <sstream>

#include "app/cli/PacsCommands.h"
#include "core/base/Printable.h"
#include "core/pacs/Query.h"
#include "core/pacs/Retrieve.h"
#include "core/pacs/Store.h"

namespace lorkd::cli {
namespace {

struct PacsFind {
  std::string node, study;
  pacs::StudyFilter filter;
  int limit = 500;
};

std::string counted(std::int64_t n, const char* what) { return n < 0 ? "" : "  " + std::to_string(n) + " " + what; }

Result<void> listSeries(const pacs::Node& node, const std::string& study, const Context& context) {
  LORKD_TRY(found, pacs::findSeries(node, study, context.cancel()));
  Json list = Json::array();
  std::ostringstream text;
  for (const auto& s : found) {
    list.push_back({{"study", s.study},
                    {"series", s.uid},
                    {"modality", s.modality},
                    {"number", s.number},
                    {"description", s.description},
                    {"body_part", s.bodyPart},
                    {"images", s.instances}});
    const auto row = s.number + "  " + s.modality + "  " + s.description + "  " + s.bodyPart;
    text << printable(row, false) << counted(s.instances, "images") << "\n    " << s.study << "/" << s.uid << "\n";
  }
  text << found.size() << " series";
  context.answer({{"series", list}}, text.str());
  return {};
}

Result<void> find(const PacsFile& file, const PacsFind& options, const Context& context) {
  LORKD_TRY(node, pacs::findNode(file.path(), options.node));
  if (!options.study.empty()) return listSeries(node, options.study, context);
  LORKD_TRY(found, pacs::findStudies(node, options.filter, options.limit, context.cancel()));
  Json list = Json::array();
  std::ostringstream text;
  for (const auto& s : found.items) {
    list.push_back({{"study", s.uid},
                    {"patient_name", s.patientName},
                    {"patient_id", s.patientId},
                    {"date", s.date},
                    {"time", s.time},
                    {"description", s.description},
                    {"modalities", s.modalities},
                    {"accession", s.accession},
                    {"series", s.series},
                    {"images", s.instances}});
    const auto row = s.date + "  " + s.patientName + "  " + s.patientId + "  " + s.modalities + "  " + s.description;
    text << printable(row, false) << counted(s.series, "series") << counted(s.instances, "images") << "\n    " << s.uid
         << "\n";
  }
  text << found.items.size() << " studies"
       << (found.more ? ", and there are more: narrow the search or raise --limit" : "");
  context.answer({{"studies", list}, {"more", found.more}}, text.str());
  return {};
}

struct PacsGet {
  std::string node, out;
  std::vector<std::string> studies, series;
  pacs::RetrieveOptions options;
};

/// What to retrieve, with the numbers that the PACS states.
Result<std::vector<pacs::SeriesRequest>> requestsOf(const pacs::Node& node, const PacsGet& options,
                                                    const Context& context) {
  // Studies in the order given; an empty list of series is all of them.
  std::vector<std::pair<std::string, std::vector<std::string>>> wanted;
  for (const auto& study : options.studies) wanted.push_back({study, {}});
  for (const auto& pair : options.series) {
    const auto slash = pair.find('/');
    if (slash == pair.npos)
      return fail(ErrorCode::InvalidArgument, "'" + pair + "' is not STUDY/SERIES",
                  "give both UIDs, as find lists them", "--series");
    const auto study = pair.substr(0, slash);
    if (wanted.empty() || wanted.back().first != study || wanted.back().second.empty()) wanted.push_back({study, {}});
    wanted.back().second.push_back(pair.substr(slash + 1));
  }
  if (wanted.empty())
    return fail(ErrorCode::InvalidArgument, "nothing is asked for", "name --study UID or --series STUDY/SERIES");
  std::vector<pacs::SeriesRequest> requests;
  for (const auto& [study, uids] : wanted) {
    context.progress->report("asking for series", static_cast<std::int64_t>(requests.size()), 0);
    LORKD_TRY(found, pacs::findSeries(node, study, context.cancel()));
    std::map<std::string, pacs::SeriesRequest> known;
    for (const auto& s : found) {
      const auto label = s.modality + (s.description.empty() ? "" : " " + s.description);
      known[s.uid] = {study, s.uid, s.instances, label};
      if (uids.empty()) requests.push_back(known[s.uid]);
    }
    for (const auto& uid : uids)
      requests.push_back(known.contains(uid) ? known[uid] : pacs::SeriesRequest{study, uid, -1, ""});
  }
  if (requests.empty())
    return fail(ErrorCode::NotFound, "the PACS has no series of this study", "look for it: lorkd pacs find",
                node.place());
  return requests;
}

Result<void> get(const PacsFile& file, const PacsGet& options, const Context& context) {
  LORKD_TRY(node, pacs::findNode(file.path(), options.node));
  LORKD_TRY(requests, requestsOf(node, options, context));
  const auto folder = std::filesystem::absolute(options.out);
  LORKD_TRY(outcomes, pacs::retrieve(node, requests, folder, options.options, *context.progress, context.cancel()));
  Json list = Json::array();
  std::ostringstream text;
  std::size_t failed = 0;
  const Error* first = nullptr;
  for (const auto& o : outcomes) {
    list.push_back({{"study", o.request.study},
                    {"series", o.request.series},
                    {"label", o.request.label},
                    {"state", pacs::toString(o.state)},
                    {"images", o.held},
                    {"error", o.error ? o.error->text() : ""}});
    text << pacs::toString(o.state) << "  " << printable(o.request.label, false) << "  " << o.request.series << "  "
         << o.held << " images";
    if (o.state == pacs::SeriesState::Failed) {
      ++failed;
      if (!first) first = &*o.error;
      text << "\n    " << o.error->text();
    }
    text << "\n";
  }
  context.answer({{"folder", folder.string()}, {"series", list}}, text.str());
  if (context.cancel().cancelled())
    return fail(ErrorCode::Cancelled, "cancelled; what arrived whole is kept for the next time", "", folder.string());
  if (!first) return {};
  return fail(first->code,
              std::to_string(failed) + " of " + std::to_string(outcomes.size()) +
                  " series could not be retrieved: " + first->message,
              first->hint, first->context);
}

struct PacsSend {
  std::string node;
  std::vector<std::string> paths;
};

Result<void> send(const PacsFile& file, const PacsSend& options, const Context& context) {
  LORKD_TRY(node, pacs::findNode(file.path(), options.node));
  LORKD_TRY(files, pacs::dicomFiles({options.paths.begin(), options.paths.end()}));
  LORKD_TRY(outcome, pacs::store(node, files, *context.progress, context.cancel()));
  Json failed = Json::array();
  std::ostringstream text;
  text << "stored " << outcome.stored.size() << " of " << files.size() << " files at " << node.place() << "\n";
  for (const auto& [path, error] : outcome.failed) {
    failed.push_back({{"file", path.string()}, {"error", error.text()}});
    text << "  " << error.text() << "\n";
  }
  context.answer({{"stored", outcome.stored.size()}, {"failed", failed}}, text.str());
  if (outcome.failed.empty()) return {};
  const auto& first = outcome.failed.front().second;
  return fail(first.code,
              std::to_string(outcome.failed.size()) + " of " + std::to_string(files.size()) +
                  " files were not stored: " + first.message,
              first.hint, first.context);
}

}  // namespace

void addPacs(CLI::App& app, Context& context) {
  auto file = std::make_shared<PacsFile>();
  auto* group =
      app.add_subcommand("pacs", "Find, retrieve and store series at a PACS (DICOM C-FIND, C-GET, C-MOVE, C-STORE)");
  group->require_subcommand(1);
  group->add_option("--nodes", file->chosen, "File of the PACS that are known; by default the user's own");
  addPacsNodes(*group, file, context);

  auto query = std::make_shared<PacsFind>();
  auto& filter = query->filter;
  auto* find_ = group->add_subcommand("find", "Find studies, or the series of one; * and ? stand for any characters");
  find_->add_option("node", query->node, "Name of the PACS")->required();
  find_->add_option("--study", query->study, "List the series of the study with this UID");
  find_->add_option("--name", filter.patientName, "Part of the patient's name");
  find_->add_option("--id", filter.patientId, "Patient id");
  find_->add_option("--from", filter.from, "First study date, like 2024-03-31");
  find_->add_option("--to", filter.to, "Last study date");
  find_->add_option("--modality", filter.modality, "For example CT");
  find_->add_option("--description", filter.description, "Part of the study's description");
  find_->add_option("--accession", filter.accession, "Accession number");
  find_->add_option("--limit", query->limit, "Studies at most")->check(CLI::Range(1, 100000))->capture_default_str();
  find_->callback(
      [file, query, &context] { context.action = [file, query, &context] { return find(*file, *query, context); }; });

  auto wanted = std::make_shared<PacsGet>();
  auto* get_ =
      group->add_subcommand("get", "Retrieve series, each into OUT/<series UID>/ once it is complete; resumes");
  get_->add_option("node", wanted->node, "Name of the PACS")->required();
  get_->add_option("--out", wanted->out, "Folder to retrieve into")->required();
  get_->add_option("--study", wanted->studies, "UID of a study: all its series");
  get_->add_option("--series", wanted->series, "One series, as STUDY/SERIES");
  get_->add_option("--retries", wanted->options.retries, "Further attempts for each series")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  get_->add_option("--pause", wanted->options.pause, "Seconds before each of them")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  get_->callback(
      [file, wanted, &context] { context.action = [file, wanted, &context] { return get(*file, *wanted, context); }; });

  auto parcel = std::make_shared<PacsSend>();
  auto* send_ = group->add_subcommand("send", "Store DICOM files at a PACS, for example predictions");
  send_->add_option("node", parcel->node, "Name of the PACS")->required();
  send_->add_option("paths", parcel->paths, "Files, and folders with all below them")->required();
  send_->callback([file, parcel, &context] {
    context.action = [file, parcel, &context] { return send(*file, *parcel, context); };
  });
}

}  // namespace lorkd::cli
