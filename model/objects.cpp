#include "model/objects.hpp"

#include "model/limits.hpp"

#include <algorithm>

namespace model {

namespace {

void merge_message(std::vector<object_message>& all, const message_update& update) {
  auto at = std::lower_bound(
    all.begin(), all.end(), update.given.id,
    [](const object_message& m, const std::string& id) { return m.id < id; });
  const bool is_known = at != all.end() && at->id == update.given.id;
  if (update.is_deleted) {
    if (is_known)
      all.erase(at);
    return;
  }
  if (!is_known)
    at = all.insert(at, object_message{update.given.id, {}, {}, {}});
  if (update.has(message_field::name))
    at->name = update.given.name;
  if (update.has(message_field::channel))
    at->channel = update.given.channel;
  if (update.has(message_field::variations))
    at->variations = update.given.variations;
}

} // namespace

outcome<described_object> merged(const described_object* known, const object_update& update) {
  described_object result = known ? *known : described_object{};
  const auto& given = update.given;
  result.kind = given.kind;
  result.id = given.id;
  const auto take = [&](object_field field, auto member) {
    if (update.has(field))
      result.*member = given.*member;
  };
  take(object_field::name, &described_object::name);
  take(object_field::channel, &described_object::channel);
  take(object_field::status_name, &described_object::status);
  take(object_field::strategy, &described_object::strategy);
  take(object_field::trigger_type, &described_object::trigger_type);
  take(object_field::archived, &described_object::archived);
  for (const auto& [field, member] : object_instants)
    take(field, member);
  take(object_field::tags, &described_object::tags);
  if (update.has(object_field::messages))
    result.messages.clear();
  for (const auto& message : update.messages)
    merge_message(result.messages, message);
  if (result.messages.size() > object_messages_max)
    return failure{failure_code::invalid_input,
                   std::string{name_of(given.kind)} + " \"" + given.id + "\" would have "
                     + std::to_string(result.messages.size()) + " messages; at most "
                     + std::to_string(object_messages_max) + " are allowed"};
  return result;
}

} // namespace model
