#include "messages/batch_codec.hpp"
#include "messages/batch_layout.hpp"
#include "messages/change_batch.capnp.h"
#include "messages/varint.hpp"
#include "model/limits.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace messages {

namespace {

using model::change_kind;
using model::value_kind;

/// The columns of a batch while it is written. Kept between batches for their memory.
struct columns {
  byte_column heads, record_names, times, values, lines, profiles, property_counts;
  byte_column property_names, property_kinds, property_numbers;
  byte_column text_sizes, texts;

  void clear() {
    for (auto* c : {&heads, &record_names, &times, &values, &lines, &profiles, &property_counts,
                    &property_names, &property_kinds, &property_numbers, &text_sizes, &texts})
      c->clear();
  }
};

class batch_writer {
public:
  batch_writer(columns& to, const model::change_batch& from) : to_(to), from_(from) {
    to_.clear();
  }

  void write() {
    if (from_.records.size() > model::batch_records_max)
      throw std::length_error{"a batch has more records than a reader takes"};
    for (const auto name : from_.names)
      add_text(name);
    for (const auto& record : from_.records)
      add_record(record);
    if (to_.property_kinds.size() > model::batch_properties_max)
      throw std::length_error{"a batch has more properties than a reader takes"};
  }

private:
  void add_text(model::text_ref r) {
    if (r.at > from_.bytes.size() || r.size > from_.bytes.size() - r.at)
      throw std::out_of_range{"a batch refers to text beyond its arena"};
    to_.text_sizes.add_number(r.size);
    to_.texts.add_text({from_.bytes.data() + r.at, r.size});
  }

  void add_name(byte_column& column, std::uint32_t name) const {
    if (name >= from_.names.size())
      throw std::out_of_range{"a batch refers to a name that it does not have"};
    column.add_number(name);
  }

  static void add_finite(byte_column& column, double number) {
    if (!std::isfinite(number))
      throw std::invalid_argument{"a batch has a number that is not finite"};
    column.add_raw(number);
  }

  /// Adds the texts that are there; returns their bits as those of `who`.
  unsigned add_identifiers(const model::identifier_refs& refs) {
    unsigned bits = 0;
    const auto add = [&](model::text_ref r, unsigned bit) {
      if (r.size == 0)
        return;
      add_text(r);
      bits |= bit;
    };
    add(refs.external_id, heads::external_id);
    add(refs.email, heads::email);
    add(refs.phone_number, heads::phone_number);
    return bits;
  }

  void add_record(const model::change_record& r) {
    auto head = static_cast<unsigned>(r.kind);
    if (has_name(r.kind))
      add_name(to_.record_names, r.name);
    if (r.has_value) {
      head |= heads::value;
      add_finite(to_.values, r.value);
    }
    if (r.has_time) {
      head |= heads::time;
      const auto time = static_cast<std::uint64_t>(r.time);
      to_.times.add_number(zigzag(static_cast<std::int64_t>(time - time_)));
      time_ = time;
    }
    if (r.line != line_ + 1) {
      head |= heads::line;
      to_.lines.add_number(zigzag(std::int64_t{r.line} - std::int64_t{line_}));
    }
    line_ = r.line;
    if (r.profile != model::no_profile) {
      head |= heads::profile;
      to_.profiles.add_number(r.profile);
    }
    if (who_ && is_same(*who_, r.who))
      head |= heads::same_who;
    else
      head |= add_identifiers(r.who);
    who_ = &r.who;
    head |= add_identifiers(r.into) << heads::into_shift;
    if (r.unique_id.size != 0) {
      head |= heads::unique_id;
      add_text(r.unique_id);
    }
    if (r.property_count != 0) {
      head |= heads::properties;
      add_properties(r);
    }
    to_.heads.add_raw(static_cast<std::uint16_t>(head));
  }

  void add_properties(const model::change_record& r) {
    if (r.first_property > from_.properties.size()
        || r.property_count > from_.properties.size() - r.first_property)
      throw std::out_of_range{"a batch refers to properties that it does not have"};
    to_.property_counts.add_number(r.property_count);
    const auto* property = from_.properties.data() + r.first_property;
    for (const auto* end = property + r.property_count; property != end; ++property) {
      add_name(to_.property_names, property->name);
      auto bits = static_cast<unsigned>(property->kind)
                | (static_cast<unsigned>(property->action) << heads::property_action_shift);
      switch (property->kind) {
      case value_kind::number:
        add_finite(to_.property_numbers, property->number);
        break;
      case value_kind::boolean:
        if (property->number != 0)
          bits |= heads::property_truth;
        break;
      case value_kind::list:
        add_text(property->text);
        if (!is_list(from_.text(property->text)))
          throw std::invalid_argument{"a batch has a list that is not well-formed"};
        break;
      case value_kind::text:
      case value_kind::nested:
        add_text(property->text);
        break;
      case value_kind::unset:
        break;
      }
      to_.property_kinds.add_byte(static_cast<std::uint8_t>(bits));
    }
  }

  static bool is_same(const model::identifier_refs& a, const model::identifier_refs& b) {
    const auto same = [](model::text_ref x, model::text_ref y) {
      return x.size == y.size && (x.at == y.at || x.size == 0);
    };
    return same(a.external_id, b.external_id) && same(a.email, b.email)
        && same(a.phone_number, b.phone_number);
  }

  columns& to_;
  const model::change_batch& from_;
  std::uint64_t time_ = 0;
  std::uint32_t line_ = 0;
  const model::identifier_refs* who_ = nullptr;
};

capnp::Data::Reader data_of(const byte_column& column) {
  return {column.data(), column.size()};
}

void fill(schema::ChangeBatch::Builder root, const columns& c, const model::change_batch& batch,
          const batch_header& header) {
  const auto versions = versions_of(batch);
  root.setWriterVersion(versions.writer);
  root.setOldestReader(versions.oldest_reader);
  root.setInstant(model::to_ms(header.taken));
  if (!header.source.empty())
    root.setSource({header.source.c_str(), header.source.size()});
  root.setSequence(header.sequence);
  root.setNameCount(static_cast<std::uint32_t>(batch.names.size()));
  const auto set_data = [](const byte_column& column, auto&& set) {
    if (column.size() != 0)
      set(data_of(column));
  };
  set_data(c.record_names, [&](auto d) { root.setRecordNames(d); });
  set_data(c.times, [&](auto d) { root.setTimes(d); });
  set_data(c.lines, [&](auto d) { root.setLines(d); });
  set_data(c.profiles, [&](auto d) { root.setProfiles(d); });
  set_data(c.property_counts, [&](auto d) { root.setPropertyCounts(d); });
  set_data(c.property_names, [&](auto d) { root.setPropertyNames(d); });
  set_data(c.property_kinds, [&](auto d) { root.setPropertyKinds(d); });
  set_data(c.text_sizes, [&](auto d) { root.setTextSizes(d); });
  set_data(c.texts, [&](auto d) { root.setTexts(d); });

  if (!batch.records.empty()) {
    auto heads = root.initHeads(static_cast<unsigned>(batch.records.size()));
    for (unsigned i = 0; i < heads.size(); ++i) {
      std::uint16_t head = 0;
      std::memcpy(&head, c.heads.data() + i * sizeof head, sizeof head);
      heads.set(i, head);
    }
  }
  const auto fill_doubles = [](const byte_column& column, auto&& init) {
    if (column.size() == 0)
      return;
    auto list = init(static_cast<unsigned>(column.size() / sizeof(double)));
    for (unsigned i = 0; i < list.size(); ++i) {
      double number = 0;
      std::memcpy(&number, column.data() + i * sizeof number, sizeof number);
      list.set(i, number);
    }
  };
  fill_doubles(c.values, [&](unsigned n) { return root.initValues(n); });
  fill_doubles(c.property_numbers, [&](unsigned n) { return root.initPropertyNumbers(n); });
}

/// Builds in one given piece of zeroed memory. (capnp::MallocMessageBuilder would clear it again at
/// its end.)
class one_segment_builder : public capnp::MessageBuilder {
public:
  explicit one_segment_builder(kj::ArrayPtr<capnp::word> room) : room_(room) {
  }
  kj::ArrayPtr<capnp::word> allocateSegment(unsigned minimum) override {
    if (minimum > room_.size())
      throw std::logic_error{"a batch did not fit the words that were counted for it"};
    return std::exchange(room_, nullptr);
  }

private:
  kj::ArrayPtr<capnp::word> room_;
};

/// Words that the message takes at most: segment table, root, and each column rounded up.
std::size_t words_for(const columns& c, const batch_header& header) {
  constexpr std::size_t word = sizeof(capnp::word);
  constexpr std::size_t root_words = capnp::sizeInWords<schema::ChangeBatch>() + 1;
  std::size_t words = 2 + root_words + header.source.size() / word + 2;
  for (const auto* column :
       {&c.heads, &c.record_names, &c.times, &c.values, &c.lines, &c.profiles, &c.property_counts,
        &c.property_names, &c.property_kinds, &c.property_numbers, &c.text_sizes, &c.texts})
    words += column->size() / word + 1;
  return words;
}

} // namespace

version_range versions_of(const model::change_batch& batch) {
  const bool describes = std::any_of(
    batch.records.begin(), batch.records.end(),
    [](const model::change_record& r) { return r.kind == change_kind::describe; });
  auto versions = batch_versions;
  if (!describes)
    versions.oldest_reader = 1;
  return versions;
}

frozen_message encode(const model::change_batch& batch, const batch_header& header) {
  thread_local columns scratch;
  batch_writer{scratch, batch}.write();

  // Built in place: the first word is the segment table of the only segment.
  const auto room = words_for(scratch, header);
  auto words = std::make_shared<std::uint64_t[]>(room);
  auto* first = reinterpret_cast<capnp::word*>(words.get());
  one_segment_builder builder{kj::arrayPtr(first + 1, room - 1)};
  fill(builder.initRoot<schema::ChangeBatch>(), scratch, batch, header);
  const auto size = builder.getSegmentsForOutput()[0].size();
  words[0] = std::uint64_t{size} << 32;
  scratch.clear();
  return {std::move(words), size + 1};
}

envelope wrap(const model::change_batch& batch, const batch_header& header) {
  return {message_type::change_batch, versions_of(batch), encode(batch, header)};
}

} // namespace messages
