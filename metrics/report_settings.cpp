#include "metrics/report_settings.hpp"

#include "metrics/settings_reader.hpp"
#include "model/value.hpp"

#include <algorithm>

namespace metrics {

namespace {

using segments::place;

struct touch_field {
  std::string_view field;
  std::string_view events;
  channel by;
};
constexpr std::array<touch_field, 8> touch_fields{{
  {"email_open_hours", "opened", channel::email},
  {"email_click_hours", "clicked", channel::email},
  {"sms_open_hours", "opened", channel::sms},
  {"sms_click_hours", "clicked", channel::sms},
  {"sms_delivery_hours", "delivered", channel::sms},
  {"push_open_hours", "opened", channel::push},
  {"whatsapp_open_hours", "opened", channel::whatsapp},
  {"whatsapp_click_hours", "clicked", channel::whatsapp},
}};
constexpr std::array<std::string_view, 4> settings_fields{"week_start", "attribution", "bots",
                                                          "apple_privacy"};

bool is_of(const touch_window& window, const touch_field& field) {
  return window.events == field.events && window.by == field.by;
}

const touch_window* window_of(const std::vector<touch_window>& windows, const touch_field& field) {
  const auto found = std::ranges::find_if(windows, [&](const auto& w) { return is_of(w, field); });
  return found == windows.end() ? nullptr : &*found;
}

/// Nothing = as the dictionary says.
void set_window(std::vector<touch_window>& windows, const touch_field& field,
                std::optional<std::int64_t> hours) {
  std::erase_if(windows, [&](const auto& w) { return is_of(w, field); });
  if (hours)
    windows.push_back({std::string{field.events}, field.by, *hours});
}

void read_windows(const place& at, const report_settings& otherwise, report_settings& into) {
  if (!at.is_there())
    return;
  if (at.is_nothing()) {
    into.windows = otherwise.windows;
    return;
  }
  if (!at.must_be_object("windows in hours"))
    return;
  std::vector<std::string_view> fields{"model"};
  for (const auto& f : touch_fields)
    fields.push_back(f.field);
  at.must_have_only(fields);
  if (const auto model = at.member("model"); !model.is_nothing())
    static_cast<void>(model.choice({&attribution_model, 1}));
  for (const auto& f : touch_fields) {
    const auto hours = at.member(f.field);
    if (!hours.is_there())
      continue;
    if (hours.is_nothing()) {
      const auto* preset = window_of(otherwise.windows, f);
      set_window(into.windows, f, preset ? std::optional{preset->window_hours} : std::nullopt);
    } else if (const auto n = hours.integer(0, window_hours_max)) {
      set_window(into.windows, f, *n);
    }
  }
}

/// The index of one of the words; nothing when the field is not there or wrong.
std::optional<std::size_t> word_in(const place& at, std::span<const std::string_view> words,
                                   std::size_t otherwise) {
  if (!at.is_there())
    return std::nullopt;
  return at.is_nothing() ? otherwise : at.choice(words);
}

std::string quoted(std::string_view text) {
  std::string json;
  model::append_json_string(json, text);
  return json;
}

} // namespace

void read_settings(const place& from, const report_settings& otherwise, report_settings& into) {
  if (const auto day = word_in(from.member("week_start"), weekday_names(), otherwise.week_start))
    into.week_start = static_cast<weekday>(*day);
  if (const auto bots = word_in(from.member("bots"), bots_words, otherwise.with_bots ? 1 : 0))
    into.with_bots = *bots == 1;
  if (const auto apple = word_in(from.member("apple_privacy"), apple_privacy_words,
                                 otherwise.apple_earns_credit ? 0 : 1))
    into.apple_earns_credit = *apple == 0;
  read_windows(from.member("attribution"), otherwise, into);
}

std::optional<report_settings> changed(report_settings settings, std::string_view changes,
                                       std::vector<segments::definition_error>& errors) {
  const auto document = segments::read_json(changes, errors);
  if (!document)
    return std::nullopt;
  const place root{&*document, "", errors};
  if (!root.must_be_object("settings of reports"))
    return std::nullopt;
  root.must_have_only(settings_fields);
  read_settings(root, {}, settings);
  return errors.empty() ? std::optional{std::move(settings)} : std::nullopt;
}

std::string kept_json(const report_settings& settings) {
  std::string windows;
  for (const auto& f : touch_fields)
    if (const auto* w = window_of(settings.windows, f))
      windows += (windows.empty() ? "" : ",") + quoted(f.field) + ':'
               + std::to_string(w->window_hours);
  return "{\"week_start\":" + quoted(weekday_names()[static_cast<std::size_t>(settings.week_start)])
       + ",\"attribution\":{" + windows + "},\"bots\":" + quoted(bots_words.at(settings.with_bots))
       + ",\"apple_privacy\":" + quoted(apple_privacy_words.at(!settings.apple_earns_credit)) + '}';
}

std::vector<std::pair<std::string_view, std::int64_t>>
windows_in_force(const std::vector<datasource::touch>& touches,
                 const std::vector<touch_window>& windows) {
  std::vector<std::pair<std::string_view, std::int64_t>> all;
  for (const auto& f : touch_fields)
    for (const auto& t : touches)
      if (t.events == f.events && t.by == f.by) {
        const auto* changed_one = window_of(windows, f);
        all.emplace_back(f.field, changed_one ? changed_one->window_hours : t.window_hours);
      }
  return all;
}

std::string shown_json(const report_settings& settings, const dictionary& words) {
  std::string json = "{\"week_start\":"
                   + quoted(weekday_names()[static_cast<std::size_t>(settings.week_start)])
                   + ",\"attribution\":{\"model\":" + quoted(attribution_model);
  for (const auto& [name, source] : words.datasources)
    if (source.kind == datasource_kind::messages) {
      for (const auto& [field, hours] : windows_in_force(source.touches, settings.windows))
        json += ',' + quoted(field) + ':' + std::to_string(hours);
      break;
    }
  return json + "},\"bots\":" + quoted(bots_words.at(settings.with_bots))
       + ",\"apple_privacy\":" + quoted(apple_privacy_words.at(!settings.apple_earns_credit)) + '}';
}

} // namespace metrics
