#include "tests/fuzz/targets.hpp"

#include "gateway/json_text.hpp"

namespace fuzz_tests {

const std::vector<fuzz_target>& fuzz_targets() {
  static const auto all = [] {
    std::vector<fuzz_target> made;
    for (const auto part : {head_targets(), gateway_targets(), body_targets(), language_targets()})
      made.insert(made.end(), part.begin(), part.end());
    return made;
  }();
  return all;
}

bool is_json(std::string_view text) {
  std::vector<gateway::json_fault> faults;
  return gateway::read_json(text, faults).has_value();
}

bool is_refused_soundly(const std::vector<gateway::error_entry>& errors) {
  for (const auto& e : errors) {
    // 501 is for transfer encodings that there are and we do not know.
    promise((e.status >= 400 && e.status < 500) || e.status == 501, "a refusal has a status 4xx");
    promise(!e.code.empty() && !e.title.empty() && !e.detail.empty(), "a refusal has a reason");
    promise(e.detail.size() < 20'000, "a refusal is no longer than what is allowed");
  }
  if (!errors.empty())
    promise(is_json(gateway::to_answer(errors, "r1").body), "a refusal becomes JSON");
  return !errors.empty();
}

} // namespace fuzz_tests
