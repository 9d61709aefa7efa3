#include "messages/batch_codec.hpp"
#include "messages/change_batch.capnp.h"
#include "model/limits.hpp"
#include "tests/messages/batch_text.hpp"
#include "tests/messages/sample_batch.hpp"

#include <boost/test/unit_test.hpp>
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(batch_codec_test)

namespace {

using messages_test::random_batch;
using messages_test::sample_batch;
using messages_test::shown;

const messages::batch_header sample_header{model::from_ms(1'700'000'000'123), "file.ndjson", 42};

std::string golden_path(const std::string& name) {
  return std::string{ROLLCALL_SOURCE_DIR} + "/tests/messages/golden/" + name;
}

std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(in, path << " cannot be read");
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string text_of(const messages::frozen_message& message) {
  const auto bytes = message.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The message of the sample after `change` was made to it.
std::string changed(const std::function<void(messages::schema::ChangeBatch::Builder)>& change) {
  const auto message = messages::encode(sample_batch(), sample_header);
  const auto words = message.words();
  capnp::FlatArrayMessageReader reader{
    kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size())};
  capnp::MallocMessageBuilder builder;
  builder.setRoot(reader.getRoot<messages::schema::ChangeBatch>());
  change(builder.getRoot<messages::schema::ChangeBatch>());
  const auto flat = capnp::messageToFlatArray(builder);
  const auto bytes = flat.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

void check_refused(const std::string& message, const std::string& reason,
                   model::failure_code code = model::failure_code::storage_broken) {
  model::change_batch batch = sample_batch();
  const auto result = messages::decode(std::as_bytes(std::span{message}), batch);
  BOOST_REQUIRE(!result);
  BOOST_TEST(static_cast<int>(result.error().code) == static_cast<int>(code));
  BOOST_TEST(result.error().message.find(reason) != std::string::npos,
             result.error().message << " lacks " << reason);
  BOOST_TEST(batch.records.empty());
  BOOST_TEST(batch.properties.empty());
  BOOST_TEST(batch.names.empty());
  BOOST_TEST(batch.bytes.empty());
}

/// Replaces a Data column with itself less its last byte, or with one more.
template <class Get, class Set>
void resize(Get&& get, Set&& set, bool longer) {
  const capnp::Data::Reader old = get();
  std::vector<kj::byte> bytes(old.begin(), old.end());
  if (longer)
    bytes.push_back(0);
  else
    bytes.pop_back();
  set(capnp::Data::Reader{bytes.data(), bytes.size()});
}

} // namespace

BOOST_AUTO_TEST_CASE(a_batch_of_every_kind_comes_back_as_it_was) {
  const auto batch = sample_batch();
  const auto message = messages::encode(batch, sample_header);
  model::change_batch back;
  const auto header = messages::decode(message, back);
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST((*header == sample_header));
  BOOST_TEST(shown(back) == shown(batch));
  BOOST_TEST(back.names.size() == batch.names.size());
  for (std::size_t i = 0; i < back.names.size(); ++i)
    BOOST_TEST(back.name(static_cast<std::uint32_t>(i))
               == batch.name(static_cast<std::uint32_t>(i)));
}

BOOST_AUTO_TEST_CASE(an_empty_batch_comes_back_empty) {
  model::change_batch back = sample_batch();
  const auto header = messages::decode(messages::encode({}, {}), back);
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST((*header == messages::batch_header{}));
  BOOST_TEST(back.records.empty());
  BOOST_TEST(back.bytes.empty());
}

BOOST_AUTO_TEST_CASE(random_batches_come_back_as_they_were) {
  const unsigned seed = 20261125;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 300; ++i) {
    const auto batch = random_batch(random);
    const auto message = messages::encode(batch, sample_header);
    model::change_batch back;
    const auto header = messages::decode(message, back);
    BOOST_REQUIRE_MESSAGE(header.has_value(), "case " << i << " of seed " << seed);
    BOOST_REQUIRE_MESSAGE(shown(back) == shown(batch), "case " << i << " of seed " << seed);
    // What was read writes the same bytes again.
    BOOST_REQUIRE_MESSAGE(text_of(messages::encode(back, sample_header)) == text_of(message),
                          "case " << i << " of seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(the_batches_of_older_formats_are_read_by_every_release) {
  for (unsigned format = 1; format <= messages::batch_versions.writer; ++format)
    BOOST_TEST_CONTEXT("format " << format) {
      const auto name = "change_batch_" + std::to_string(format);
      const auto bytes = content_of(golden_path(name + ".bin"));
      model::change_batch batch;
      const auto header = messages::decode(std::as_bytes(std::span{bytes}), batch);
      BOOST_REQUIRE_MESSAGE(header.has_value(), (header ? std::string{} : header.error().message));
      BOOST_TEST((*header == sample_header));
      BOOST_TEST(shown(batch) == content_of(golden_path(name + ".txt")));
    }
}

BOOST_AUTO_TEST_CASE(only_a_batch_that_describes_something_needs_a_reader_of_format_2) {
  auto batch = sample_batch();
  BOOST_REQUIRE((batch.records.back().kind == model::change_kind::describe));
  BOOST_TEST(messages::versions_of(batch).oldest_reader == 2u);
  batch.records.pop_back();
  batch.properties.pop_back();
  BOOST_TEST(messages::versions_of(batch).oldest_reader == 1u);
  const auto message = messages::encode(batch, sample_header);
  const auto words = message.words();
  capnp::FlatArrayMessageReader reader{
    kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size())};
  BOOST_TEST(reader.getRoot<messages::schema::ChangeBatch>().getOldestReader() == 1u);
}

BOOST_AUTO_TEST_CASE(this_release_writes_the_bytes_of_its_golden_file) {
  const auto name = "change_batch_" + std::to_string(messages::batch_versions.writer);
  const auto message = messages::encode(sample_batch(), sample_header);
  if (const char* folder = std::getenv("ROLLCALL_WRITE_GOLDEN")) {
    std::ofstream{std::string{folder} + '/' + name + ".bin", std::ios::binary} << text_of(message);
    std::ofstream{std::string{folder} + '/' + name + ".txt", std::ios::binary}
      << shown(sample_batch());
  }
  BOOST_TEST((text_of(message) == content_of(golden_path(name + ".bin"))),
             "the bytes of format " << messages::batch_versions.writer
                                    << " changed: raise the format and add a golden file");
}

BOOST_AUTO_TEST_CASE(a_message_is_read_at_any_address_and_copied_by_no_one_who_shares_it) {
  const auto message = messages::encode(sample_batch(), sample_header);
  const auto shared = message;
  BOOST_TEST(shared.words().data() == message.words().data());
  const auto bytes = "x" + text_of(message);
  model::change_batch batch;
  const auto header = messages::decode(std::as_bytes(std::span{bytes}).subspan(1), batch);
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST(shown(batch) == shown(sample_batch()));
  const auto copied = messages::frozen_message::from_bytes(message.bytes());
  BOOST_REQUIRE(copied.has_value());
  BOOST_TEST(copied->words().data() != message.words().data());
  BOOST_TEST(text_of(*copied) == text_of(message));
}

BOOST_AUTO_TEST_CASE(the_header_is_read_without_the_records) {
  const auto message = changed([](auto root) { root.setTexts({}); });
  const auto header = messages::decode_header(std::as_bytes(std::span{message}));
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST((*header == sample_header));
}

BOOST_AUTO_TEST_CASE(an_envelope_says_what_it_holds_and_who_may_read_it) {
  const auto sent = messages::wrap(sample_batch(), sample_header);
  BOOST_TEST((sent.type == messages::message_type::change_batch));
  BOOST_TEST((sent.versions == messages::versions_of(sample_batch())));
  BOOST_TEST(sent.versions.is_readable_by(messages::batch_versions.writer));
  BOOST_TEST(!messages::version_range{}.is_readable_by(1));
  BOOST_TEST(!(messages::version_range{.oldest_reader = 3, .writer = 4}.is_readable_by(2)));
  BOOST_TEST((messages::version_range{.oldest_reader = 2, .writer = 4}.is_readable_by(2)));
  BOOST_TEST(text_of(sent.payload) == text_of(messages::encode(sample_batch(), sample_header)));
}

BOOST_AUTO_TEST_CASE(a_batch_that_needs_a_newer_reader_is_refused_as_such) {
  check_refused(changed([](auto root) {
                  root.setWriterVersion(9);
                  root.setOldestReader(8);
                }),
                "needs a reader of format 8", model::failure_code::newer_format);
  check_refused(changed([](auto root) { root.setWriterVersion(0); }), "names no version");
}

BOOST_AUTO_TEST_CASE(a_newer_writer_that_cares_for_old_readers_is_read) {
  const auto message = changed([](auto root) { root.setWriterVersion(9); });
  model::change_batch batch;
  BOOST_TEST(messages::decode(std::as_bytes(std::span{message}), batch).has_value());
  BOOST_TEST(shown(batch) == shown(sample_batch()));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_message_are_refused) {
  const auto whole = text_of(messages::encode(sample_batch(), sample_header));
  check_refused("", "segment table");
  check_refused("x", "segment table");
  check_refused(whole.substr(0, whole.size() - 8), "segment table");
  check_refused(whole.substr(0, whole.size() - 3), "segment table");
  check_refused(whole + std::string(8, '\0'), "segment table");
  check_refused(std::string(64, '\xff'), "segment table");
  BOOST_TEST(!messages::frozen_message::from_bytes(std::as_bytes(std::span{whole}).subspan(8)));
  BOOST_TEST(!messages::frozen_message::from_bytes({}));
}

BOOST_AUTO_TEST_CASE(columns_that_do_not_fit_each_other_are_refused) {
  const std::string fit = "";
  for (const bool longer : {false, true})
    BOOST_TEST_CONTEXT((longer ? "longer" : "shorter")) {
      using root_type = messages::schema::ChangeBatch::Builder;
#define CHECK_COLUMN(Name)                                                                         \
  BOOST_TEST_CONTEXT(#Name)                                                                        \
  check_refused(changed([&](root_type root) {                                                      \
                  resize([&] { return root.asReader().get##Name(); },                              \
                         [&](capnp::Data::Reader d) { root.set##Name(d); }, longer);               \
                }),                                                                                \
                fit)
      CHECK_COLUMN(RecordNames);
      CHECK_COLUMN(Times);
      CHECK_COLUMN(Lines);
      CHECK_COLUMN(Profiles);
      CHECK_COLUMN(PropertyCounts);
      CHECK_COLUMN(PropertyNames);
      CHECK_COLUMN(PropertyKinds);
      CHECK_COLUMN(TextSizes);
      CHECK_COLUMN(Texts);
#undef CHECK_COLUMN
    }
  check_refused(changed([](auto root) { root.initValues(0); }), "fewer numbers");
  check_refused(changed([](auto root) { root.initValues(1000); }), "column");
  check_refused(changed([](auto root) { root.initPropertyNumbers(0); }), "fewer numbers");
  check_refused(changed([](auto root) { root.setNameCount(root.getNameCount() - 1); }), fit);
  check_refused(changed([](auto root) { root.setNameCount(1u << 31); }), "fewer texts than names");
}

BOOST_AUTO_TEST_CASE(unknown_kinds_and_impossible_numbers_are_refused) {
  const auto with_head = [](unsigned at, unsigned head) {
    return changed([=](auto root) { root.getHeads().set(at, static_cast<std::uint16_t>(head)); });
  };
  check_refused(with_head(1, 0), "kind is not known");
  check_refused(with_head(0, 1 | 1u << 14), "person is not told");
  for (const unsigned kind : {6u, 7u, 5u << 3, 0x80u})
    check_refused(
      changed([=](auto root) { root.getPropertyKinds()[0] = static_cast<kj::byte>(kind); }),
      "kind or action is not known");
  check_refused(
    changed([](auto root) { root.getValues().set(0, std::numeric_limits<double>::quiet_NaN()); }),
    "not finite");
  check_refused(changed([](auto root) {
                  root.getPropertyNumbers().set(0, std::numeric_limits<double>::infinity());
                }),
                "not finite");
  check_refused(changed([](auto root) { root.getRecordNames()[0] = 127; }), "name's number");
  check_refused(changed([](auto root) { root.getPropertyNames()[0] = 127; }), "name's number");
}

BOOST_AUTO_TEST_CASE(lists_that_are_not_well_formed_are_refused) {
  const auto with_list = [](const std::string& items) {
    model::change_batch batch;
    batch.names.push_back(batch.add_text("properties['p']"));
    model::change_record record;
    record.kind = model::change_kind::profile;
    record.who.email = batch.add_text("a@b.c");
    record.property_count = 1;
    batch.properties.push_back(
      {0, model::value_kind::text, model::property_action::set, 0, batch.add_text(items)});
    batch.records.push_back(record);
    // Written as text, then called a list, since the writer refuses what it can tell is wrong.
    const auto message = messages::encode(batch, {});
    const auto words = message.words();
    capnp::FlatArrayMessageReader reader{
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size())};
    capnp::MallocMessageBuilder builder;
    builder.setRoot(reader.getRoot<messages::schema::ChangeBatch>());
    builder.getRoot<messages::schema::ChangeBatch>().getPropertyKinds()[0] = static_cast<kj::byte>(
      model::value_kind::list);
    const auto flat = capnp::messageToFlatArray(builder);
    const auto bytes = flat.asBytes();
    return std::string{reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  };
  std::string good;
  model::append_list_item(good, {model::value_kind::text, 0, "abc"});
  model::append_list_item(good, {model::value_kind::number, 1.5, {}});
  model::append_list_item(good, {model::value_kind::boolean, 1, {}});
  model::change_batch batch;
  const auto whole = with_list(good);
  BOOST_TEST(messages::decode(std::as_bytes(std::span{whole}), batch).has_value());
  for (const auto size : {1u, 4u, 7u, 9u, 16u, 18u})
    BOOST_TEST_CONTEXT("cut at " << size)
  check_refused(with_list(good.substr(0, size)), "a list is not well-formed");
  std::string infinite;
  model::append_list_item(infinite,
                          {model::value_kind::number, std::numeric_limits<double>::infinity(), {}});
  check_refused(with_list(infinite), "a list is not well-formed");
  check_refused(with_list(std::string{'\0'}), "a list is not well-formed");
  check_refused(with_list(std::string{'\5'}), "a list is not well-formed");
}

BOOST_AUTO_TEST_CASE(a_batch_that_nobody_could_read_is_not_written) {
  const auto check_throws = [](const std::function<void(model::change_batch&)>& spoil) {
    auto batch = sample_batch();
    BOOST_REQUIRE_NO_THROW(messages::encode(batch, {}));
    spoil(batch);
    BOOST_CHECK_THROW(messages::encode(batch, {}), std::logic_error);
  };
  check_throws([](auto& b) { b.records[0].name = 1'000; });
  check_throws([](auto& b) { b.records[0].property_count = 1'000; });
  check_throws([](auto& b) { b.records[0].first_property = UINT32_MAX; });
  check_throws([](auto& b) { b.records[0].who.external_id = {0, UINT32_MAX}; });
  check_throws([](auto& b) { b.records[0].who.external_id = {UINT32_MAX, 1}; });
  check_throws([](auto& b) { b.records[0].value = std::numeric_limits<double>::quiet_NaN(); });
  check_throws([](auto& b) { b.properties[0].name = 1'000; });
  check_throws([](auto& b) { b.names[0] = {0, UINT32_MAX}; });
  check_throws([](auto& b) {
    for (auto& p : b.properties)
      if (p.kind == model::value_kind::text)
        p.kind = model::value_kind::list;
  });
  check_throws([](auto& b) { b.records.resize(model::batch_records_max + 1, b.records.back()); });
}

BOOST_AUTO_TEST_CASE(an_event_takes_less_than_sixty_bytes_beyond_its_texts) {
  model::change_batch batch;
  const auto metric = static_cast<std::uint32_t>(batch.names.size());
  for (const auto* name : {"Placed Order", "Quantity", "$value_currency"})
    batch.names.push_back(batch.add_text(name));
  std::mt19937 random{7};
  std::size_t text_bytes = 0;
  constexpr std::uint32_t count = 10'000;
  for (std::uint32_t i = 0; i < count; ++i) {
    model::change_record r;
    r.name = metric;
    r.line = i + 1;
    r.has_time = r.has_value = true;
    r.time = 1'500'000'000'000 + random() * std::int64_t{10};
    r.value = static_cast<double>(random() % 100'000) / 100;
    r.who.external_id = batch.add_text(std::to_string(random() % 1'000'000));
    r.unique_id = batch.add_text("order:" + std::to_string(i));
    r.first_property = static_cast<std::uint32_t>(batch.properties.size());
    r.property_count = 2;
    batch.properties.push_back({1, model::value_kind::number, {}, double(random() % 9), {}});
    batch.properties.push_back({2, model::value_kind::text, {}, 0, batch.add_text("USD")});
    batch.records.push_back(r);
  }
  text_bytes = batch.bytes.size();
  const auto size = messages::encode(batch, {}).bytes().size();
  BOOST_TEST((size - text_bytes) / count < 60u);
}

BOOST_AUTO_TEST_SUITE_END()
