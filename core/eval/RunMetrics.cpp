#include "core/eval/RunMetrics.h"

#include "core/base/Digest.h"
#include "core/base/Json.h"
#include "core/run/Strangers.h"

namespace lorkd::eval {
namespace {

/// Digest of a file; empty where there is none.
Result<std::string> digestOf(const std::filesystem::path& file) {
  auto digest = sha256File(file);
  if (!digest && digest.error().code == ErrorCode::NotFound) return std::string();
  return digest;
}

Result<Json> originOf(const run::RunDirectory& run) {
  LORKD_TRY(cases, digestOf(run.cases()));
  LORKD_TRY(checkpoint, digestOf(run.checkpoint("best")));
  return Json{{"plan", run.planDigest()}, {"cases", cases}, {"checkpoint", checkpoint}};
}

}  // namespace

Result<void> writeMetrics(const run::RunDirectory& run, const Table& table) {
  LORKD_TRY(origin, originOf(run));
  Json whole{{"of", origin}, {"rows", table.json()}};
  if (const auto unknown = run::unknownPatients(run); !unknown.empty()) whole["warnings"] = unknown;
  return writeJson(run.metrics(), whole);
}

Result<Table> readMetrics(const run::RunDirectory& run) {
  LORKD_TRY(json, readJson(run.metrics()));
  if (json.is_array()) return Table::fromJson(json);
  if (!json.is_object() || !json.contains("rows") || !json.contains("of"))
    return fail(ErrorCode::Format, "not the results of a run", "score it again: lorkd evaluate",
                run.metrics().string());
  LORKD_TRY(origin, originOf(run));
  if (json["of"] != origin)
    return fail(ErrorCode::Mismatch, "the results are those of another run, of other cases or of another checkpoint",
                "score the run again: lorkd evaluate", run.metrics().string());
  auto table = Table::fromJson(json["rows"]);
  if (!table) return fail(table.error(), run.metrics().string());
  return table;
}

}  // namespace lorkd::eval
