// What the body of POST /api/events costs before its change is on its way: reading and checking it,
// per request and core.
//     bench_event_request [seconds] [directory]
#include "gateway/account.hpp"
#include "gateway/event_changes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace {

using clock = std::chrono::steady_clock;

gateway::call request(std::shared_ptr<gateway::account> whose, std::size_t properties) {
  std::string all;
  for (std::size_t i = 0; i < properties; ++i)
    all += fmt::format(R"({}"Property {}":"value number {}")", i == 0 ? "" : ",", i, i);
  gateway::call c;
  c.whose = std::move(whose);
  c.asked.method = "POST";
  c.asked.path = "/api/events";
  c.asked.headers = {{"content-type", "application/json"}};
  c.asked.body = fmt::format(
    R"({{"data":{{"type":"event","attributes":{{"properties":{{{}}},"time":"2026-01-01T10:00:00Z",)"
    R"("value":9.99,"unique_id":"4c1f7a86-0d6e-4c5e-9b1a-1f2e3d4c5b6a","metric":{{"data":{{)"
    R"("type":"metric","attributes":{{"name":"Placed Order"}}}}}},"profile":{{"data":{{)"
    R"("type":"profile","attributes":{{"email":"somebody@example.com"}}}}}}}}}}}})",
    all);
  return c;
}

void run(const gateway::call& c, std::chrono::seconds length) {
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  const auto begin = clock::now();
  auto took = clock::duration{};
  for (; took < length; took = clock::now() - begin)
    for (int i = 0; i < 100; ++i, ++count)
      bytes += gateway::read_event(c, gateway::speaker::server).bytes.size();
  const auto seconds = std::chrono::duration<double>(took).count();
  fmt::print("body of {:>6} bytes: {:>8.0f}/s, {:.1f} us each ({} bytes of changes)\n",
             c.asked.body.size(), static_cast<double>(count) / seconds,
             seconds / static_cast<double>(count) * 1e6, bytes / count);
}

} // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds length{argc > 1 ? std::strtol(argv[1], nullptr, 10) : 3};
  const std::filesystem::path place = argc > 2 ? argv[2] : "build/bench-event-request";
  std::filesystem::remove_all(place);
  auto opened = rollcall::engine::open({.directory = place});
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    return 1;
  }
  const auto whose = std::make_shared<gateway::account>();
  whose->engine = std::move(*opened);
  for (const std::size_t properties : {0, 5, 20, 100})
    run(request(whose, properties), length);
  whose->engine.reset();
  std::filesystem::remove_all(place);
  return 0;
}
