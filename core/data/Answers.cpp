#include "core/data/Answers.h"

#include "core/io/Staple.h"

namespace lorkd::data {

Result<std::vector<std::uint8_t>> joinAnswers(const std::string& rule, const image::Geometry& geometry,
                                              const std::vector<std::vector<std::uint8_t>>& answers) {
  if (answers.empty()) return fail(ErrorCode::InvalidArgument, "there is no answer to join");
  if (rule == "first") return answers.front();
  if (rule == "last") return answers.back();
  if (rule == "staple") return io::staple(geometry, answers);
  const auto all = answers.size();
  const auto enough = rule == "union" ? 1 : rule == "intersection" ? all : rule == "majority" ? all / 2 + 1 : 0;
  if (enough == 0) return fail(ErrorCode::InvalidArgument, "'" + rule + "' is no way to join answers");
  std::vector<std::uint8_t> out(answers.front().size());
  for (std::size_t v = 0; v < out.size(); ++v) {
    std::size_t inside = 0;
    for (const auto& answer : answers) inside += answer[v] != 0;
    out[v] = inside >= enough;
  }
  return out;
}

}  // namespace lorkd::data
