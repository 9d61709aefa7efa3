#include "messages/batch_codec.hpp"
#include "messages/ndjson.hpp"
#include "tests/messages/batch_text.hpp"
#include "tests/messages/sample_batch.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Seeded mutations. ROLLCALL_FUZZ_SEED and ROLLCALL_FUZZ_ROUNDS make other and longer runs.
BOOST_AUTO_TEST_SUITE(fuzz_test)

namespace {

using messages_test::shown;

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* given = std::getenv(name);
  return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

std::uint32_t seed() {
  const auto chosen = setting("ROLLCALL_FUZZ_SEED", 4711);
  BOOST_TEST_MESSAGE("seed " << chosen);
  return chosen;
}

constexpr std::string_view lines[] = {
  R"({"unique_id":"u1","metric":"Placed Order","profile":{"external_id":"00001"},"time":"1997-01-01T00:00:00Z","value":11.77,"value_currency":"USD","properties":{"Quantity":1,"tags":["a",1,true],"items":[{"sku":"x","price":1.5}]}})",
  R"({"external_id":"a","email":"a@b.c","first_name":"Ann","location":{"city":"Bos\u0074on","latitude":"42.5"},"properties":{"vip":true,"old":null,"sizes":["S"]},"lists":["VIP",{"id":"N","joined_at":"2020-01-02"}]})",
  R"({"external_id":"a","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","consent_timestamp":"2020-01-02","suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03"}]}}},"predictive_analytics":{"churn_probability":0.5,"ranked_channel_affinity":["sms"]}})",
  R"({"external_id":"a","patch_properties":{"append":{"t":["x"]},"unappend":{"t":"y"},"unset":["z"]}})",
  R"({"list":"VIP","action":"add","profile":{"external_id":"a"},"time":5})",
  R"({"merge":{"from":{"external_id":"a"},"into":{"email":"b"}}})",
  R"({"erase":{"phone_number":"+1500"}})",
  R"({"campaign":{"id":"C1","name":"Spring sale","channel":"email","send_strategy":{"method":"static","datetime":"2026-03-01T09:00:00Z","options":{"is_local":false}},"send_time":1772355600,"tags":["sale",{"id":"T1","name":null}],"messages":[{"id":"M1","channel":"push","variations":[{"id":"A","name":"Short"}]}]}})",
  R"({"flow":{"id":"F1","name":"Welcome","status":"live","trigger_type":"Metric","created":"2026-01-02","archived":false,"messages":[{"id":"M2","deleted":true}]}})",
  R"({"tag":{"id":"T1","name":"sale"}})",
};

/// A few random changes: bytes altered, dropped, doubled, or pieces of other lines put in.
std::string mutated(std::string text, std::mt19937& random, bool keeps_lines) {
  constexpr std::string_view tokens[] = {
    "{",    "}",  "[",       "]",   "\"", ":",    ",",
    "null", "\\", "\\u0000", "1e5", "-",  "\xff", "\xf0\x9f\x98\x80",
    "true", " ",  "\t"};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto changes = 1 + below(3);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const auto at = below(text.size());
    switch (below(5)) {
    case 0:
      text[at] = static_cast<char>(below(256));
      break;
    case 1:
      text.erase(at, 1 + below(8));
      break;
    case 2:
      text.insert(at, tokens[below(std::size(tokens))]);
      break;
    case 3:
      text.insert(at, text.substr(below(text.size()), below(40)));
      break;
    default: {
      const auto other = lines[below(std::size(lines))];
      text.insert(at, other.substr(below(other.size()), below(40)));
    }
    }
  }
  if (keeps_lines)
    for (auto& c : text)
      if (c == '\n')
        c = ' ';
  return text;
}

/// What every batch that a reader makes must be.
void check_sound(const model::change_batch& batch) {
  messages::frozen_message message;
  BOOST_REQUIRE_NO_THROW(message = messages::encode(batch, {}));
  model::change_batch back;
  BOOST_REQUIRE(messages::decode(message, back).has_value());
  BOOST_REQUIRE(shown(back) == shown(batch));
}

} // namespace

BOOST_AUTO_TEST_CASE(damaged_lines_are_refused_whole_and_never_harm_their_neighbours) {
  const auto chosen = seed();
  std::mt19937 random{chosen};
  messages::ndjson_reader reader;
  const auto rounds = setting("ROLLCALL_FUZZ_ROUNDS", 30'000);
  std::uint32_t taken = 0;
  std::uint32_t refused = 0;
  for (std::uint32_t round = 0; round < rounds; ++round)
    BOOST_TEST_CONTEXT("round " << round << " of seed " << chosen) {
      const auto line = mutated(std::string{lines[round % std::size(lines)]}, random, true);
      const auto& before = lines[random() % std::size(lines)];
      const auto& after = lines[random() % std::size(lines)];
      const auto text = std::string{before} + '\n' + line + '\n' + std::string{after};
      messages::line_block block{text};
      model::change_batch batch;
      std::vector<messages::line_error> errors;
      reader.read(block, batch, errors);
      BOOST_REQUIRE(errors.size() <= 1);
      if (errors.empty()) {
        ++taken;
      } else {
        ++refused;
        BOOST_REQUIRE(errors[0].line == 2);
        BOOST_REQUIRE(!errors[0].reason.empty());
        for (const auto& record : batch.records)
          BOOST_REQUIRE(record.line != 2);
        // As if the line had been blank.
        const auto without = std::string{before} + "\n\n" + std::string{after};
        BOOST_REQUIRE(shown(batch) == messages_test::read_and_shown(without));
      }
      check_sound(batch);
    }
  BOOST_TEST(taken > rounds / 50);
  BOOST_TEST(refused > rounds / 2);
}

BOOST_AUTO_TEST_CASE(random_bytes_are_no_records) {
  const auto chosen = seed();
  std::mt19937 random{chosen};
  messages::ndjson_reader reader;
  for (std::uint32_t round = 0; round < 5'000; ++round)
    BOOST_TEST_CONTEXT("round " << round << " of seed " << chosen) {
      std::string text(random() % 300, '\0');
      for (auto& c : text)
        c = static_cast<char>(random());
      messages::line_block block{text};
      model::change_batch batch;
      std::vector<messages::line_error> errors;
      reader.read(block, batch, errors);
      BOOST_REQUIRE(block.is_empty());
      BOOST_REQUIRE(batch.records.empty());
      BOOST_REQUIRE(batch.bytes.empty());
    }
}

BOOST_AUTO_TEST_CASE(damaged_batches_are_refused_or_sound) {
  const auto chosen = seed();
  std::mt19937 random{chosen};
  const auto rounds = setting("ROLLCALL_FUZZ_ROUNDS", 30'000);
  std::uint32_t taken = 0;
  std::uint32_t refused = 0;
  for (std::uint32_t round = 0; round < rounds; ++round)
    BOOST_TEST_CONTEXT("round " << round << " of seed " << chosen) {
      const auto batch = round % 4 == 0 ? messages_test::sample_batch()
                                        : messages_test::random_batch(random);
      const auto message = messages::encode(batch, {model::from_ms(1), "source", 2});
      std::vector<std::byte> bytes{message.bytes().begin(), message.bytes().end()};
      const auto changes = 1 + random() % 4;
      for (std::uint32_t i = 0; i < changes; ++i) {
        // The first words hold the pointers, where damage does most.
        const auto range = random() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 180)
                                             : bytes.size();
        const auto at = random() % range;
        if (random() % 3 == 0)
          bytes[at] = static_cast<std::byte>(random());
        else
          bytes[at] ^= static_cast<std::byte>(1u << (random() % 8));
      }
      if (random() % 10 == 0)
        bytes.resize(bytes.size() - random() % bytes.size());
      model::change_batch back;
      if (messages::decode(bytes, back)) {
        ++taken;
        check_sound(back);
      } else {
        ++refused;
        BOOST_REQUIRE(back.records.empty());
        BOOST_REQUIRE(back.bytes.empty());
      }
      static_cast<void>(messages::decode_header(bytes).has_value());
    }
  BOOST_TEST(taken > rounds / 50);
  BOOST_TEST(refused > rounds / 4);
}

BOOST_AUTO_TEST_CASE(random_bytes_are_no_batch) {
  const auto chosen = seed();
  std::mt19937 random{chosen};
  std::uint32_t taken = 0;
  for (std::uint32_t round = 0; round < 20'000; ++round)
    BOOST_TEST_CONTEXT("round " << round << " of seed " << chosen) {
      std::vector<std::byte> bytes(random() % 40 * 8);
      for (auto& b : bytes)
        b = static_cast<std::byte>(random() % 3 == 0 ? random() : 0);
      if (bytes.size() >= 8 && random() % 2 == 0) { // A plausible segment table.
        const std::uint64_t table = std::uint64_t{bytes.size() / 8 - 1} << 32;
        std::memcpy(bytes.data(), &table, sizeof table);
      }
      model::change_batch batch;
      // A version and no column is a batch of nothing; more than that cannot come about by chance.
      taken += messages::decode(bytes, batch) ? 1 : 0;
      BOOST_REQUIRE(batch.records.empty());
      BOOST_REQUIRE(batch.bytes.empty());
    }
  BOOST_TEST(taken < 100u);
}

BOOST_AUTO_TEST_SUITE_END()
