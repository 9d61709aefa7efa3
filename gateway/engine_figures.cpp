// What /metrics tells of engines, the server and the process.
#include "gateway/operations.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace gateway {

namespace {

struct account_figures {
  std::string account;
  std::optional<rollcall::engine_figures> figures; // Nothing = it does not answer.
  std::vector<rollcall::actor_info> actors;
};

account_figures read(const watched_engine& each) {
  if (!each.engine)
    return {each.account, std::nullopt, {}};
  account_figures found{each.account, std::nullopt, each.engine->inspect()};
  if (auto told = each.engine->figures())
    found.figures = std::move(*told);
  else
    spdlog::warn("gateway: no figures: account={}: {}", each.account, told.error().message);
  return found;
}

double seconds_between(model::instant from, model::instant to) {
  return std::chrono::duration<double>(to - from).count();
}

void write_accounts(const std::vector<account_figures>& all, exposition& to) {
  using figures = rollcall::engine_figures;
  const auto family = [&](std::string_view name, std::string_view help, auto value) {
    to.begin(name, figure_kind::gauge, help);
    for (const auto& each : all)
      if (each.figures)
        to.sample({{"account", each.account}}, value(*each.figures));
  };
  to.begin("rollcall_engine_up", figure_kind::gauge, "1 = the account's engine answers.");
  for (const auto& each : all)
    to.sample({{"account", each.account}}, each.figures ? 1 : 0);
  family("rollcall_profiles", "Living profiles.",
         [](const figures& f) { return static_cast<double>(f.profiles); });
  family("rollcall_segments", "Segments.",
         [](const figures& f) { return static_cast<double>(f.segments); });
}

void write_partitions(const std::vector<account_figures>& all, exposition& to) {
  using rollcall::partition_info;
  const auto family = [&](std::string_view name, figure_kind kind, std::string_view help,
                          auto value) {
    to.begin(name, kind, help);
    for (const auto& each : all) {
      if (!each.figures)
        continue;
      for (const auto& p : each.figures->partitions)
        if (const std::optional<double> v = value(p, *each.figures))
          to.sample({{"account", each.account}, {"partition", std::to_string(p.index)}}, *v);
    }
  };
  const auto gauge = [&](std::string_view name, std::string_view help,
                         std::uint64_t partition_info::*member) {
    family(name, figure_kind::gauge, help, [member](const partition_info& p, const auto&) {
      return std::optional{static_cast<double>(p.*member)};
    });
  };
  gauge("rollcall_partition_profiles", "Living profiles of the partition.",
        &partition_info::profiles);
  gauge("rollcall_partition_delta_bytes", "Changes in memory that wait to be folded into blocks.",
        &partition_info::delta_bytes);
  gauge("rollcall_partition_delta_records", "Records of these changes.",
        &partition_info::delta_records);
  gauge("rollcall_partition_log_first", "First position that the change log still has.",
        &partition_info::log_first);
  gauge("rollcall_partition_log_last", "Last position of the change log.",
        &partition_info::log_last);
  gauge("rollcall_partition_due_entries", "Verdicts that wait for time to pass, of the next days.",
        &partition_info::due_entries);
  family("rollcall_partition_next_due_seconds", figure_kind::gauge,
         "Until the next due instant; negative = so far behind it.",
         [](const partition_info& p, const rollcall::engine_figures& f) -> std::optional<double> {
           if (!p.next_due)
             return std::nullopt;
           return seconds_between(f.now, *p.next_due);
         });
  family("rollcall_partition_trouble", figure_kind::gauge,
         "1 = the partition does not take changes at the moment.",
         [](const partition_info& p, const auto&) {
           return std::optional{p.trouble.empty() ? 0.0 : 1.0};
         });
}

void write_actors(const std::vector<account_figures>& all, exposition& to) {
  struct sums {
    double depth = 0;
    double busy = 0;
    double messages = 0;
  };
  // Two actors of one name are one series, or the text would be refused.
  std::map<std::array<std::string, 3>, sums> by_name;
  for (const auto& each : all)
    for (const auto& actor : each.actors) {
      if (!actor.alive)
        continue;
      auto& s = by_name[{each.account, actor.kind, actor.name.empty() ? actor.kind : actor.name}];
      s.depth += static_cast<double>(actor.mailbox_depth);
      s.busy += std::chrono::duration<double>(actor.busy).count();
      s.messages += static_cast<double>(actor.messages_in);
    }
  const auto family = [&](std::string_view name, figure_kind kind, std::string_view help,
                          double sums::*member) {
    to.begin(name, kind, help);
    for (const auto& [key, s] : by_name)
      to.sample({{"account", key[0]}, {"kind", key[1]}, {"actor", key[2]}}, s.*member);
  };
  family("rollcall_actor_mailbox_depth", figure_kind::gauge, "Messages that wait for the actor.",
         &sums::depth);
  family("rollcall_actor_busy_seconds_total", figure_kind::counter,
         "Time that the actor has worked.", &sums::busy);
  family("rollcall_actor_messages_total", figure_kind::counter, "Messages that the actor was sent.",
         &sums::messages);
}

} // namespace

void write_engine_figures(const std::vector<watched_engine>& engines, exposition& to) {
  std::vector<account_figures> all;
  all.reserve(engines.size());
  for (const auto& each : engines)
    all.push_back(read(each));
  write_accounts(all, to);
  write_partitions(all, to);
  write_actors(all, to);
}

void write_server_figures(const server_figures& f, exposition& to) {
  const auto one = [&](std::string_view name, figure_kind kind, std::string_view help,
                       std::uint64_t value) {
    to.begin(name, kind, help);
    to.sample({}, static_cast<double>(value));
  };
  using enum figure_kind;
  one("rollcall_http_connections", gauge, "Connections that are open.", f.connections);
  one("rollcall_http_connections_accepted_total", counter, "Connections taken.",
      f.connections_accepted);
  one("rollcall_http_connections_refused_total", counter, "Connections beyond the limit.",
      f.connections_refused);
  one("rollcall_http_requests_under_way", gauge, "Requests that have no answer yet.",
      f.requests_under_way);
  one("rollcall_http_streams", gauge, "Answers that are being streamed.", f.streams);
  one("rollcall_http_bytes_in_total", counter, "Bytes from clients, without TLS's own.",
      f.bytes_in);
  one("rollcall_http_bytes_out_total", counter, "Bytes to clients, without TLS's own.",
      f.bytes_out);
  one("rollcall_http_handshakes_failed_total", counter, "Handshakes of TLS that failed.",
      f.handshakes_failed);
  to.begin("rollcall_http_refusals_total", counter,
           "Requests that were refused before they had a route, by status.");
  for (const auto& [status, n] : f.refusals)
    to.sample({{"status", std::to_string(status)}}, static_cast<double>(n));
}

void write_process_figures(exposition& to) {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream{"/proc/self/statm"} >> pages >> resident;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  to.begin("process_virtual_memory_bytes", figure_kind::gauge, "Address space, mapped files too.");
  to.sample({}, static_cast<double>(pages) * page);
  to.begin("process_resident_memory_bytes", figure_kind::gauge, "Memory in use.");
  to.sample({}, static_cast<double>(resident) * page);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  to.begin("process_cpu_seconds_total", figure_kind::counter, "Processor time, user and system.");
  to.sample({}, seconds(used.ru_utime) + seconds(used.ru_stime));
}

} // namespace gateway
