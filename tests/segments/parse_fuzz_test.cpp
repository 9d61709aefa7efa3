#include "segments/canonical.hpp"
#include "segments/json_reader.hpp"
#include "tests/segments/definition_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>

BOOST_AUTO_TEST_SUITE(parse_fuzz_test)

namespace {

using namespace definition_support;
using namespace segments;

constexpr std::uint64_t default_seed = 20'240'229;

/// Of ROLLCALL_FUZZ_SEED when it is set.
std::uint64_t seed() {
  const char* named = std::getenv("ROLLCALL_FUZZ_SEED");
  return named ? std::strtoull(named, nullptr, 10) : default_seed;
}

using generator = std::mt19937_64;

std::size_t below(generator& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
}

template <class T>
const T& one_of(generator& random, const std::vector<T>& choices) {
  return choices[below(random, choices.size())];
}

// --- what is mutated ------------------------------------------------------------

/// A JSON text cut into strings, numbers, words and punctuation.
std::vector<std::string> tokens_of(const std::string& json) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = at + 1;
    if (json[at] == '"') {
      while (end < json.size() && json[end] != '"')
        end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
    } else if (std::string_view{"{}[],:"}.find(json[at]) == std::string_view::npos) {
      while (end < json.size()
             && std::string_view{"{}[],:\""}.find(json[end]) == std::string_view::npos)
        ++end;
    }
    tokens.push_back(json.substr(at, end - at));
    at = end;
  }
  return tokens;
}

std::string joined(const std::vector<std::string>& tokens) {
  std::string json;
  for (const auto& token : tokens)
    json += token;
  return json;
}

/// Values and words that definitions are made of, from all of them, and some that are unusual.
std::vector<std::string> vocabulary_of(const std::vector<std::string>& definitions) {
  std::vector<std::string> words{"null",  "true",        "0",        "-1",
                                 "1.5",   "1e400",       "1e-400",   "9007199254740993",
                                 "{}",    "[]",          "[[]]",     "\"\"",
                                 "\" \"", "\"\\u0000\"", "\"é\"",    "\"\\ud83d\\ude00\"",
                                 "\"(\"", "\"a**\"",     "\"zone\"", "\"rolling\""};
  for (const auto& definition : definitions)
    for (auto& token : tokens_of(definition))
      if (token.size() > 1)
        words.push_back(std::move(token));
  return words;
}

std::string with_changed_tokens(generator& random, const std::string& json,
                                const std::vector<std::string>& vocabulary) {
  auto tokens = tokens_of(json);
  const auto changes = 1 + below(random, 3);
  for (std::size_t i = 0; i < changes && !tokens.empty(); ++i) {
    const auto at = below(random, tokens.size());
    const auto where = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(random, 4)) {
    case 0:
      tokens.erase(where);
      break;
    case 1:
      tokens.insert(where, one_of(random, tokens));
      break;
    case 2:
      std::swap(tokens[at], tokens[below(random, tokens.size())]);
      break;
    default: // Keeps the text valid JSON most of the time, so that the rules behind are reached.
      if (tokens[at].size() > 1)
        tokens[at] = one_of(random, vocabulary);
    }
  }
  return joined(tokens);
}

std::string with_changed_bytes(generator& random, std::string json) {
  const auto changes = 1 + below(random, 4);
  for (std::size_t i = 0; i < changes && !json.empty(); ++i) {
    const auto at = below(random, json.size());
    switch (below(random, 4)) {
    case 0:
      json.erase(at, 1 + below(random, 8));
      break;
    case 1:
      json.insert(at, 1, static_cast<char>(below(random, 256)));
      break;
    case 2:
      json[at] = static_cast<char>(below(random, 256));
      break;
    default:
      json.resize(at);
    }
  }
  return json;
}

/// The definition inside one of the boolean forms, now and then beside another.
std::string wrapped(generator& random, const std::string& json, const std::string& other) {
  switch (below(random, 6)) {
  case 0:
    return R"({"condition_groups":[{"conditions":[)" + json + "," + other + "]}]}";
  case 1:
    return R"({"all_of":[)" + json + R"(,{"segment":"VIP"}]})";
  case 2:
    return R"({"none_of":[)" + other + "," + json + "]}";
  case 3:
    return R"({"any_of":[{"all_of":[)" + json + "]}]}";
  default:
    return json;
  }
}

// --- what must hold ------------------------------------------------------------

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Why the answer is none that a parser may give; empty = it is fine.
std::string complaint_about(const parse_result& parsed, const parse_context& account,
                            const std::string& json) {
  if (parsed.rule.has_value() != parsed.errors.empty())
    return "a rule and mistakes, or neither";
  for (const auto& error : parsed.errors) {
    if (!error.pointer.empty() && error.pointer.front() != '/')
      return "not a pointer: " + error.pointer;
    if (error.found.empty() || error.allowed.empty())
      return "says nothing at " + error.pointer;
    if (characters(error.found) > 120)
      return "shows too much: " + error.found;
  }
  if (!parsed.rule)
    return {};
  const auto& rule = *parsed.rule;
  if (rule.ids.size() != rule.criteria.size() || rule.criteria.empty())
    return "ids do not match criteria";
  for (std::size_t i = 0; i < rule.ids.size(); ++i) {
    if (normalised(rule.criteria[i]) != rule.criteria[i])
      return "not in the one form: " + canonical_text(rule.criteria[i]);
    if (id_of(rule.criteria[i]) != rule.ids[i])
      return "another id: " + canonical_text(rule.criteria[i]);
    std::vector<definition_error> errors;
    if (!read_json(canonical_text(rule.criteria[i]), errors) || !errors.empty())
      return "canonical text is no JSON: " + canonical_text(rule.criteria[i]);
  }
  auto ids = rule.ids;
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end())
    return "a criterion twice";
  const auto again = parse_definition(json, account);
  if (!again.rule || again.rule->ids != rule.ids)
    return "another answer the second time";
  return {};
}

} // namespace

BOOST_AUTO_TEST_CASE(no_text_confuses_the_reader) {
  generator random{seed()};
  const auto definitions = golden_definitions();
  const auto vocabulary = vocabulary_of(definitions);
  const auto account = account_with({{"V", "VIP", definitions.front()}});
  std::size_t valid = 0;
  std::size_t invalid = 0;
  for (int round = 0; round < 50'000; ++round) {
    auto json = one_of(random, definitions);
    if (below(random, 4) != 0)
      json = with_changed_tokens(random, json, vocabulary);
    json = wrapped(random, json, one_of(random, definitions));
    if (below(random, 4) == 0)
      json = with_changed_bytes(random, json);
    const auto parsed = parse_definition(json, account);
    const auto complaint = complaint_about(parsed, account, json);
    BOOST_REQUIRE_MESSAGE(complaint.empty(), "seed " << seed() << ", round " << round << ": "
                                                     << complaint << "\n"
                                                     << json);
    ++(parsed.rule ? valid : invalid);
  }
  // Both sides are worth something only when both are reached often.
  BOOST_TEST(valid > 8'000u, "seed " << seed());
  BOOST_TEST(invalid > 25'000u, "seed " << seed());
}

BOOST_AUTO_TEST_CASE(the_order_of_keys_says_nothing) {
  const auto account = account_with();
  for (const auto& json : golden_definitions()) {
    // Moves the first member of the outer object to its end.
    auto document = json;
    const auto first_comma = document.find(",\"");
    const auto type = document.substr(1, first_comma - 1);
    document = "{" + document.substr(first_comma + 1, document.size() - first_comma - 2) + ","
             + type + "}";
    const auto straight = parse_definition(json, account);
    const auto turned = parse_definition(document, account);
    BOOST_REQUIRE_MESSAGE(straight.rule && turned.rule, document << "\n"
                                                                 << describe(turned.errors));
    BOOST_TEST((straight.rule->ids == turned.rule->ids), document);
  }
}

BOOST_AUTO_TEST_SUITE_END()
