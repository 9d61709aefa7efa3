#include "node/commands.hpp"
#include "node/json_text.hpp"

#include <fmt/format.h>

namespace node {

namespace {

exit_status check(const common_options& common, std::uint32_t step) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto faults = engine.check(step);
    if (!faults)
      return complain(common, faults.error());
    if (common.json) {
      json_array list;
      for (const auto& fault : *faults)
        list.text(fault);
      fmt::print("{}\n",
                 json_object{}.boolean("sound", faults->empty()).raw("faults", list.done()).done());
    } else if (faults->empty()) {
      fmt::print("sound: checksums, log and {} hold\n",
                 step == 1 ? std::string{"every membership"}
                           : fmt::format("the memberships of every {}th profile", step));
    } else {
      for (const auto& fault : *faults)
        fmt::print("{}\n", fault);
    }
    return faults->empty() ? exit_status::fine : exit_status::storage_broken;
  });
}

} // namespace

void add_check_command(command_line& line) {
  struct options {
    common_options common;
    std::uint32_t step = 100;
  };
  auto wanted = std::make_shared<options>();
  auto& command = line.add(line.root(), "check",
                           "Verify checksums, the log, and memberships against re-evaluation",
                           "rollcall check --data store --every 1",
                           [wanted] { return check(wanted->common, wanted->step); });
  add_common(command, wanted->common);
  command.add_option("--every", wanted->step, "Re-evaluate every N-th profile; 1 = all")
    ->check(CLI::Range(1U, 1'000'000'000U))
    ->capture_default_str();
}

} // namespace node
