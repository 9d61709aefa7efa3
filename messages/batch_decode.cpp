#include "messages/batch_codec.hpp"
#include "messages/batch_layout.hpp"
#include "messages/change_batch.capnp.h"
#include "messages/varint.hpp"
#include "model/limits.hpp"

#include <capnp/serialize.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace messages {

namespace {

using model::change_kind;
using model::value_kind;

constexpr auto first_kind = static_cast<unsigned>(change_kind::event);
constexpr auto last_kind = static_cast<unsigned>(change_kind::describe);
constexpr auto last_action = static_cast<unsigned>(model::property_action::fill);
constexpr auto last_value_kind = static_cast<unsigned>(value_kind::nested);

number_cursor cursor(capnp::Data::Reader data) {
  return {data.begin(), data.size()};
}

class batch_reader {
public:
  batch_reader(schema::ChangeBatch::Reader from, model::change_batch& to)
    : to_(to), heads_(from.getHeads()), values_(from.getValues()),
      property_kinds_(from.getPropertyKinds()), property_numbers_(from.getPropertyNumbers()),
      texts_(from.getTexts()), record_names_(cursor(from.getRecordNames())),
      times_(cursor(from.getTimes())), lines_(cursor(from.getLines())),
      profiles_(cursor(from.getProfiles())), property_counts_(cursor(from.getPropertyCounts())),
      property_names_(cursor(from.getPropertyNames())), text_sizes_(cursor(from.getTextSizes())),
      text_bytes_(from.getTextSizes().size()), name_count_(from.getNameCount()) {
  }

  /// Null when all went well, else what does not hold. Stops at the first doubt.
  const char* read() {
    if (texts_.size() > UINT32_MAX)
      return "more than 4 GiB of text";
    if (heads_.size() > model::batch_records_max
        || property_kinds_.size() > model::batch_properties_max)
      return "more records or properties than a batch may have";
    to_.bytes.assign(reinterpret_cast<const char*>(texts_.begin()), texts_.size());
    if (name_count_ > text_bytes_) // Each has a size of one byte at least.
      return "fewer texts than names";
    to_.names.resize(name_count_);
    for (auto& name : to_.names)
      name = next_text();
    to_.properties.resize(property_kinds_.size());
    to_.records.resize(heads_.size());
    for (unsigned i = 0; i < heads_.size() && !wrong_; ++i)
      read_record(heads_[i], to_.records[i]);
    if (wrong_)
      return wrong_;
    const bool is_all = value_ == values_.size() && property_ == property_kinds_.size()
                     && property_number_ == property_numbers_.size() && text_ == texts_.size()
                     && record_names_.is_spent() && times_.is_spent() && lines_.is_spent()
                     && profiles_.is_spent() && property_counts_.is_spent()
                     && property_names_.is_spent() && text_sizes_.is_spent();
    return is_all ? nullptr : "a column does not hold what the records ask for";
  }

private:
  model::text_ref next_text() {
    const auto size = text_sizes_.next();
    if (size > texts_.size() - text_) {
      wrong_ = "a text reaches beyond the arena";
      return {};
    }
    const model::text_ref r{static_cast<std::uint32_t>(text_), static_cast<std::uint32_t>(size)};
    text_ += size;
    return r;
  }

  std::uint32_t next_name(number_cursor& column) {
    const auto name = column.next();
    if (name >= name_count_)
      wrong_ = "a name's number is too large";
    return static_cast<std::uint32_t>(name);
  }

  template <class List>
  double next_number(const List& list, unsigned& at) {
    if (at >= list.size()) {
      wrong_ = "fewer numbers than the records ask for";
      return 0;
    }
    const double number = list[at++];
    if (!std::isfinite(number))
      wrong_ = "a number is not finite";
    return number;
  }

  void read_identifiers(unsigned bits, model::identifier_refs& to) {
    if (bits & heads::external_id)
      to.external_id = next_text();
    if (bits & heads::email)
      to.email = next_text();
    if (bits & heads::phone_number)
      to.phone_number = next_text();
  }

  void read_record(unsigned head, model::change_record& r) {
    r = {};
    const auto kind = head & heads::kind;
    if (kind < first_kind || kind > last_kind) {
      wrong_ = "a record's kind is not known";
      return;
    }
    r.kind = static_cast<change_kind>(kind);
    if (has_name(r.kind))
      r.name = next_name(record_names_);
    if (head & heads::value) {
      r.has_value = true;
      r.value = next_number(values_, value_);
    }
    if (head & heads::time) {
      r.has_time = true;
      time_ += static_cast<std::uint64_t>(unzigzag(times_.next()));
      r.time = static_cast<std::int64_t>(time_);
    }
    line_ += head & heads::line ? static_cast<std::uint32_t>(unzigzag(lines_.next())) : 1u;
    r.line = line_;
    if (head & heads::profile) {
      const auto profile = profiles_.next();
      if (profile >= model::no_profile)
        wrong_ = "a profile's number is too large";
      r.profile = static_cast<std::uint32_t>(profile);
    }
    if (head & heads::same_who) {
      if ((head & heads::who) || !who_) {
        wrong_ = "a record's person is not told";
        return;
      }
      r.who = *who_;
    } else {
      read_identifiers(head, r.who);
    }
    who_ = &r.who;
    read_identifiers(head >> heads::into_shift, r.into);
    if (head & heads::unique_id)
      r.unique_id = next_text();
    if (head & heads::properties)
      read_properties(r);
  }

  void read_properties(model::change_record& r) {
    const auto count = property_counts_.next();
    if (count == 0 || count > property_kinds_.size() - property_) {
      wrong_ = "fewer properties than the records ask for";
      return;
    }
    r.first_property = static_cast<std::uint32_t>(property_);
    r.property_count = static_cast<std::uint32_t>(count);
    for (const auto end = property_ + count; property_ != end && !wrong_; ++property_)
      read_property(property_kinds_[property_], to_.properties[property_]);
  }

  void read_property(unsigned bits, model::property_entry& p) {
    p = {};
    p.name = next_name(property_names_);
    const auto kind = bits & heads::property_kind;
    const auto action = (bits >> heads::property_action_shift) & heads::property_action;
    if (kind > last_value_kind || action > last_action || bits > heads::property_bits) {
      wrong_ = "a property's kind or action is not known";
      return;
    }
    p.kind = static_cast<value_kind>(kind);
    p.action = static_cast<model::property_action>(action);
    switch (p.kind) {
    case value_kind::number:
      p.number = next_number(property_numbers_, property_number_);
      break;
    case value_kind::boolean:
      p.number = bits & heads::property_truth ? 1 : 0;
      break;
    case value_kind::list:
      p.text = next_text();
      if (!is_list(to_.text(p.text)))
        wrong_ = "a list is not well-formed";
      break;
    case value_kind::text:
    case value_kind::nested:
      p.text = next_text();
      break;
    case value_kind::unset:
      break;
    }
  }

  model::change_batch& to_;
  capnp::List<std::uint16_t>::Reader heads_;
  capnp::List<double>::Reader values_;
  capnp::Data::Reader property_kinds_;
  capnp::List<double>::Reader property_numbers_;
  capnp::Data::Reader texts_;
  number_cursor record_names_, times_, lines_, profiles_, property_counts_, property_names_;
  number_cursor text_sizes_;
  std::size_t text_bytes_;
  std::uint32_t name_count_;
  const char* wrong_ = nullptr;
  unsigned value_ = 0;
  unsigned property_number_ = 0;
  std::size_t property_ = 0;
  std::size_t text_ = 0;
  std::uint64_t time_ = 0;
  std::uint32_t line_ = 0;
  const model::identifier_refs* who_ = nullptr;
};

model::failure broken(std::string_view why) {
  return {model::failure_code::storage_broken, fmt::format("not a batch of changes: {}", why)};
}

/// Calls `read(header, root)` on a message whose version this release understands.
template <class F>
model::outcome<batch_header> open_batch(std::span<const std::byte> message, F&& read) {
  if (reinterpret_cast<std::uintptr_t>(message.data()) % sizeof(std::uint64_t) != 0) {
    const auto copy = frozen_message::from_bytes(message);
    return copy ? open_batch((*copy).bytes(), std::forward<F>(read)) : copy.error();
  }
  const auto size = message.size() / sizeof(std::uint64_t);
  const auto* words = reinterpret_cast<const std::uint64_t*>(message.data());
  if (message.size() % sizeof(std::uint64_t) != 0 || !is_flat_message({words, size}))
    return broken("its segment table does not fit its size");
  try {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = size * 4
                                  + 64; // Each column is looked at once; lists of nothing cost too.
    options.nestingLimit = 4;
    capnp::FlatArrayMessageReader reader{
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(words), size), options};
    const auto root = reader.getRoot<schema::ChangeBatch>();
    const version_range versions{root.getOldestReader(), root.getWriterVersion()};
    if (versions.writer == 0)
      return broken("it names no version");
    if (!versions.is_readable_by(batch_versions.writer))
      return model::failure{
        model::failure_code::newer_format,
        fmt::format(
          "a batch of format {} needs a reader of format {} or later; this release reads {}",
          versions.writer, versions.oldest_reader, batch_versions.writer)};
    const auto source = root.getSource();
    batch_header header{
      model::from_ms(root.getInstant()), {source.begin(), source.size()}, root.getSequence()};
    if (const char* wrong = read(root))
      return broken(wrong);
    return header;
  } catch (const kj::Exception& e) {
    return broken(e.getDescription().cStr());
  }
}

} // namespace

model::outcome<batch_header> decode(std::span<const std::byte> message, model::change_batch& into) {
  into.clear();
  auto header = open_batch(message, [&](schema::ChangeBatch::Reader root) {
    return batch_reader{root, into}.read();
  });
  if (!header)
    into.clear();
  return header;
}

model::outcome<batch_header> decode(const frozen_message& message, model::change_batch& into) {
  return decode(message.bytes(), into);
}

model::outcome<batch_header> decode_header(std::span<const std::byte> message) {
  return open_batch(message, [](schema::ChangeBatch::Reader) -> const char* { return nullptr; });
}

} // namespace messages
