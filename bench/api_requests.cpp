#include "bench/api_requests.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace bench {

namespace {

constexpr std::uint32_t events_per_second = 100'000;
constexpr std::string_view id_digits = "000000000000"; // Of a unique id's number.
constexpr std::size_t bodies_prepared = 64;

void append_head(std::string& out, std::string_view method, std::string_view path,
                 std::string_view key, std::size_t length) {
  fmt::format_to(std::back_inserter(out),
                 "{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Klaviyo-API-Key {}\r\n"
                 "Accept: application/json\r\n",
                 method, path, key);
  if (method == "POST")
    fmt::format_to(std::back_inserter(out),
                   "Content-Type: application/json\r\nContent-Length: {}\r\n", length);
  out += "\r\n";
}

std::string whole(std::string_view method, std::string_view path, std::string_view key,
                  std::string_view body) {
  std::string request;
  append_head(request, method, path, key, body.size());
  return request += body;
}

std::string properties_of(const event_details& details) {
  std::string all = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty())
      fmt::format_to(std::back_inserter(all), R"({}"{}":"{}")", all.size() > 1 ? "," : "", name,
                     value);
  };
  add("campaign_id", details.campaign);
  add("Brand", details.brand);
  add("Category", details.category);
  return all += "}";
}

std::string value_of(const event_row& event) {
  return event.value_cents == no_value_cents
         ? std::string{}
         : fmt::format(R"("value":{}.{:02},)", event.value_cents / 100, event.value_cents % 100);
}

std::string unique_id(std::uint64_t n) {
  return fmt::format("http-{:012}", n);
}

/// Attributes of an event but for its profile.
std::string attributes_of(const event_row& event, std::uint64_t n) {
  return fmt::format(R"("properties":{},{}"unique_id":"{}","metric":{{"data":{{"type":"metric",)"
                     R"("attributes":{{"name":"{}"}}}}}})",
                     properties_of(details_of(event)), value_of(event), unique_id(n),
                     name_of(event.kind));
}

std::string profile_of(std::uint32_t number) {
  std::string id;
  append_external_id(id, number);
  return fmt::format(
    R"("profile":{{"data":{{"type":"profile","attributes":{{"external_id":"{}"}}}}}})", id);
}

std::string job_of(const generated_store& store, std::uint64_t first, std::size_t count) {
  std::string body = R"({"data":{"type":"event-bulk-create-job","attributes":)"
                     R"({"events-bulk-create":{"data":[)";
  for (auto n = first; n < first + count; ++n) {
    const auto event = store.live_event(n, events_per_second);
    fmt::format_to(std::back_inserter(body),
                   R"({}{{"type":"event-bulk-create","attributes":{{{},"events":{{"data":[)"
                   R"({{"type":"event","attributes":{{{}}}}}]}}}}}})",
                   n == first ? "" : ",", profile_of(event.profile), attributes_of(event, n));
  }
  return body += "]}}}}";
}

std::string lines_of(const generated_store& store, std::uint64_t first, std::size_t count) {
  std::string body;
  for (auto n = first; n < first + count; ++n) {
    const auto event = store.live_event(n, events_per_second);
    std::string who;
    append_external_id(who, event.profile);
    fmt::format_to(std::back_inserter(body),
                   R"({{"metric":"{}",{}"unique_id":"{}","profile":{{"external_id":"{}"}},)"
                   R"("properties":{}}})"
                   "\n",
                   name_of(event.kind), value_of(event), unique_id(n), who,
                   properties_of(details_of(event)));
  }
  return body;
}

} // namespace

single_events::single_events(const generated_store& store, std::string key, std::uint64_t first)
  : store_(store), key_(std::move(key)), next_(first) {
}

std::string_view single_events::next(std::size_t) {
  const auto n = next_++;
  const auto event = store_.live_event(n, events_per_second);
  body_.clear();
  fmt::format_to(std::back_inserter(body_),
                 R"({{"data":{{"type":"event","attributes":{{{},{}}}}}}})", attributes_of(event, n),
                 profile_of(event.profile));
  return request_ = whole("POST", "/api/events", key_, body_);
}

bulk_events::bulk_events(const generated_store& store, const std::string& key, form f,
                         std::uint64_t first, std::size_t per_request)
  : next_(first) {
  for (std::size_t i = 0; i < bodies_prepared; ++i) {
    const auto from = first + i * per_request;
    prepared p;
    p.bytes = f == form::jobs
              ? whole("POST", "/api/event-bulk-create-jobs", key, job_of(store, from, per_request))
              : whole("POST", "/api/rollcall/changes", key, lines_of(store, from, per_request));
    for (auto n = from; n < from + per_request; ++n)
      p.ids.push_back(p.bytes.find(unique_id(n), p.ids.empty() ? 0 : p.ids.back())
                      + unique_id(n).size() - id_digits.size());
    bodies_.push_back(std::move(p));
  }
}

std::string_view bulk_events::next(std::size_t) {
  auto& body = bodies_[turn_++ % bodies_.size()];
  for (const auto at : body.ids)
    fmt::format_to_n(body.bytes.begin() + static_cast<std::ptrdiff_t>(at), id_digits.size(),
                     "{:012}", next_++);
  return body.bytes;
}

pages::pages(std::string key, std::string first_path, std::size_t connections)
  : key_(std::move(key)), first_path_(std::move(first_path)), paths_(connections, first_path_) {
}

std::string_view pages::next(std::size_t connection) {
  return request_ = whole("GET", paths_[connection], key_, {});
}

void pages::answered(std::size_t connection, std::string_view body) {
  const auto link = boost::json::parse(body).at("links").at("next");
  paths_[connection] = first_path_;
  if (!link.is_string())
    return;
  const std::string url{link.as_string()};
  if (const auto path = url.find('/', url.find("//") + 2); path != std::string::npos)
    paths_[connection] = url.substr(path);
}

posts::posts(const std::string& key, const std::string& path,
             const std::vector<std::string>& bodies) {
  for (const auto& body : bodies)
    requests_.push_back(whole("POST", path, key, body));
}

std::string_view posts::next(std::size_t) {
  return requests_[turn_++ % requests_.size()];
}

} // namespace bench
