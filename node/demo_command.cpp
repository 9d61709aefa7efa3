#include "node/commands.hpp"
#include "node/demonstration.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace node {

namespace {

struct demo_options {
  common_options common;
  demo_request request;
};

exit_status demo(demo_options wanted) {
  if (wanted.common.data.empty()) {
    auto name = (std::filesystem::temp_directory_path() / "rollcall-demo-XXXXXX").string();
    if (!mkdtemp(name.data()))
      return complain(
        wanted.common,
        {model::failure_code::unavailable,
         fmt::format("no directory could be made in {}; --data DIR names another place",
                     std::filesystem::temp_directory_path().string())});
    wanted.common.data = name + "/store";
  }
  wanted.request.data = wanted.common.data;
  wanted.request.json = wanted.common.json;
  if (!wanted.common.json)
    fmt::print("Rollcall: who is in which segment at this second.\nThe account is in {}\n",
               wanted.common.data);
  rollcall::options opening{.directory = wanted.common.data, .clock = rollcall::clock_kind::manual};
  opening.start = wanted.request.files.empty() ? model::from_ms(demo_now * 1000) : model::instant{};
  return with_engine(wanted.common, std::move(opening), [&](rollcall::engine& engine) {
    const auto done = demonstrate(engine, wanted.request);
    return done ? exit_status::fine : complain(wanted.common, done.error());
  });
}

} // namespace

void add_demo_command(command_line& line) {
  auto wanted = std::make_shared<demo_options>();
  auto& command = line.add(
    line.root(), "demo", "Show everything, on a store that is made up or on your files",
    "rollcall demo\n  rollcall demo --data my-store profiles.ndjson events.ndjson",
    [wanted, &line] {
      wanted->request.program = line.program();
      return demo(*wanted);
    });
  add_common(command, wanted->common);
  command.get_option("--data")->required(false)->description(
    "Where the account goes; a fresh temporary directory without it");
  command.add_option("--profiles", wanted->request.size.profiles, "People of the made-up store")
    ->check(CLI::Range(1U, 10'000'000U))
    ->capture_default_str();
  command.add_option("--events", wanted->request.size.events, "Events of the made-up store")
    ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
    ->capture_default_str();
  command.add_option("--seed", wanted->request.size.seed, "Another seed, another store")
    ->capture_default_str();
  command.add_option("FILE", wanted->request.files,
                     "Your own NDJSON files instead of the made-up store");
}

} // namespace node
