#include "bench/live_changes.hpp"

#include <fmt/format.h>

#include <map>
#include <string>

namespace bench {

namespace {

constexpr std::uint32_t events_per_second = 100'000;

/// Writes a batch's names once each.
class batch_writer {
public:
  explicit batch_writer(model::change_batch& into) : into_(into) {
  }
  std::uint32_t name(std::string_view text) {
    const auto [at, is_new] = names_.try_emplace(std::string{text},
                                                 static_cast<std::uint32_t>(into_.names.size()));
    if (is_new)
      into_.names.push_back(into_.add_text(text));
    return at->second;
  }
  void text(std::string_view key, std::string_view value) {
    if (value.empty())
      return;
    model::property_entry p;
    p.name = name(key);
    p.kind = model::value_kind::text;
    p.text = into_.add_text(value);
    into_.properties.push_back(p);
  }

private:
  model::change_batch& into_;
  std::map<std::string, std::uint32_t> names_;
};

model::text_ref external_id(model::change_batch& batch, std::uint32_t profile) {
  std::string id;
  append_external_id(id, profile);
  return batch.add_text(id);
}

} // namespace

model::change_batch live_changes(const generated_store& store, std::uint64_t first,
                                 std::size_t count) {
  model::change_batch batch;
  batch_writer writer{batch};
  for (auto n = first; n < first + count; ++n) {
    const auto event = store.live_event(n, events_per_second);
    const auto details = details_of(event);
    model::change_record r;
    r.name = writer.name(name_of(event.kind));
    r.has_value = event.value_cents != no_value_cents;
    r.value = r.has_value ? static_cast<double>(event.value_cents) / 100 : 0;
    r.who.external_id = external_id(batch, event.profile);
    r.unique_id = batch.add_text(fmt::format("live-{}", n));
    r.first_property = static_cast<std::uint32_t>(batch.properties.size());
    writer.text("campaign_id", details.campaign);
    writer.text("Brand", details.brand);
    writer.text("Category", details.category);
    r.property_count = static_cast<std::uint32_t>(batch.properties.size()) - r.first_property;
    batch.records.push_back(r);
  }
  return batch;
}

model::change_batch list_joins(std::string_view list, std::uint32_t from, std::uint32_t to,
                               model::instant at) {
  model::change_batch batch;
  batch_writer writer{batch};
  for (auto profile = from; profile < to; ++profile) {
    model::change_record r;
    r.kind = model::change_kind::list_add;
    r.name = writer.name(list);
    r.has_time = true;
    r.time = model::to_ms(at);
    r.who.external_id = external_id(batch, profile);
    batch.records.push_back(r);
  }
  return batch;
}

} // namespace bench
