#include "core/workflow/SeenPatients.h"

namespace lorkd::workflow {

std::set<std::string> learntFrom(const data::CaseList& cases) {
  std::set<std::string> out;
  for (const auto& c : cases.cases)
    if (c.split != data::Split::Test && c.item.kind != "picture") out.insert(c.item.patient);
  return out;
}

std::string seenTestPatient(const data::CaseList& cases, const std::set<std::string>& learnt) {
  for (const auto* c : cases.of(data::Split::Test))
    if (c->item.kind != "picture" && !c->tasks.empty() && learnt.contains(c->item.patient)) return c->item.patient;
  return {};
}

}  // namespace lorkd::workflow
