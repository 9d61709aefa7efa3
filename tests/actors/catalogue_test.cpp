#include "actors/account_store.hpp"
#include "actors/catalogue.hpp"
#include "actors/inlining.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(catalogue_test)

namespace {

/// Ends the test with the failure's sentence.
template <class T>
void need(const model::outcome<T>& o) {
  if (!o)
    BOOST_FAIL(o.error().message);
}

constexpr const char* bought =
  R"({"condition_groups":[{"conditions":[{"type":"profile-metric","metric_id":"Placed Order",
  "measurement":"sum","measurement_filter":{"type":"numeric","operator":"greater-than","value":499.9900},
  "timeframe_filter":{"type":"date","operator":"alltime"},"metric_filters":null}]}]})";
constexpr const char*
  in_region = R"({"type":"profile-region","in_region":true,"region":"united_states"})";

const auto now = model::from_ms(1'767'225'600'000);

actors::catalogue::decision decide(const actors::catalogue& all, std::string_view name,
                                   std::string_view json) {
  const actors::named_rule what{std::string{name}, std::string{json}};
  return all.decide_create({&what, 1}, now);
}

void define(actors::catalogue& all, std::string_view name, std::string_view json) {
  auto decided = decide(all, name, json);
  BOOST_REQUIRE_MESSAGE(!decided.refused && decided.errors.empty(),
                        segments::describe(decided.errors));
  BOOST_REQUIRE_EQUAL(decided.redefined.size(), 1u);
  all.accept(decided.redefined[0].entry);
}

} // namespace

BOOST_AUTO_TEST_CASE(ids_have_six_characters_and_differ) {
  actors::name_register names{"metric"};
  std::set<std::string> ids;
  for (int i = 0; i < 3'000; ++i) {
    const auto name = "Metric " + std::to_string(i);
    BOOST_CHECK(names.learn(name));
    BOOST_CHECK(!names.learn(name));
    const auto id = names.id_of(name);
    BOOST_CHECK_EQUAL(id.size(), 6u);
    BOOST_CHECK(ids.insert(id).second);
    BOOST_CHECK_EQUAL(*names.find(id), name);
    BOOST_CHECK_EQUAL(*names.find(name), name);
  }
  BOOST_CHECK(!names.find("unknown"));
}

BOOST_AUTO_TEST_CASE(a_definition_that_stands_alone_has_names_for_ids_and_rules_for_segments) {
  actors::catalogue all;
  all.metrics.learn("Placed Order");
  all.lists.learn("VIP");
  define(all, "Base", bought);
  const auto id = all.find("Base")->id;
  const auto json =
    R"({"none_of":[{"segment":")" + id + R"("},{"type":"profile-metric","metric_id":")"
    + all.metrics.id_of("Placed Order")
    + R"(","measurement":"count","measurement_filter":{"type":"numeric","operator":"equals","value":0},
    "timeframe_filter":{"type":"date","operator":"alltime"}},
    {"type":"profile-group-membership","is_member":true,"group_ids":[")"
    + all.lists.id_of("VIP") + R"("]}]})";
  const auto checked = all.check(json);
  BOOST_REQUIRE_MESSAGE(checked.errors.empty(), segments::describe(checked.errors));
  BOOST_CHECK_EQUAL(checked.inlined.find(id), std::string::npos);
  BOOST_CHECK_NE(checked.inlined.find("\"value\":499.9900"),
                 std::string::npos); // Numbers as they were written.
  BOOST_CHECK_NE(checked.inlined.find("\"group_ids\":[\"VIP\"]"), std::string::npos);
  const auto alone = segments::parse_definition(checked.inlined, {});
  BOOST_REQUIRE_MESSAGE(alone.rule, segments::describe(alone.errors));
  BOOST_CHECK_EQUAL(alone.rule->criteria.size(), 3u);
  BOOST_CHECK(alone.rule->references.empty());
}

BOOST_AUTO_TEST_CASE(an_edit_redefines_everybody_who_stands_on_the_segment) {
  actors::catalogue all;
  define(all, "Base", bought);
  define(all, "Middle", R"({"none_of":[{"segment":"Base"}]})");
  define(all, "Top", R"({"any_of":[{"segment":"Middle"}]})");
  define(all, "Other", in_region);
  const auto decided = all.decide_edit("Base", in_region, now);
  BOOST_REQUIRE_EQUAL(decided.redefined.size(), 3u);
  for (const auto& one : decided.redefined) {
    BOOST_CHECK_EQUAL(one.entry.version(), 2u);
    BOOST_CHECK_NE(one.inlined.find("united_states"), std::string::npos);
    BOOST_CHECK_EQUAL(one.inlined.find("Placed Order"), std::string::npos);
  }
  BOOST_CHECK_EQUAL(decided.redefined[0].entry.name, "Base");
  BOOST_CHECK_EQUAL(decided.redefined[2].entry.editions.back().reason, "segment Base was edited");
  BOOST_CHECK_EQUAL(all.find("Top")->version(), 1u); // Nothing is believed before it is accepted.
}

BOOST_AUTO_TEST_CASE(a_new_name_keeps_the_id_and_what_refers_to_the_segment) {
  actors::catalogue all;
  define(all, "Base", bought);
  const auto id = all.find("Base")->id;
  define(all, "By name", R"({"none_of": [ {"segment" :"Base"}, {"segment":"Base"} ]})");
  define(all, "Escaped", R"({"any_of":[{"\u0073egment":"\u0042ase"}]})");
  define(all, "By id", R"({"none_of":[{"segment":")" + id + R"("}]})");
  define(all, "Above", R"({"any_of":[{"segment":"By name"}]})");
  define(all, "Other", in_region);
  std::map<std::string, std::string> inlined;
  for (const auto& [number, entry] : all.segments())
    inlined[entry.id] = all.inlined(entry);

  auto decided = all.decide_rename("Base", "A \"base\"");
  need(decided);
  BOOST_REQUIRE_EQUAL(decided->size(), 3u); // Itself and those that call it by name.
  BOOST_CHECK_EQUAL(decided->front().id, id);
  BOOST_CHECK(all.find("Base") != nullptr); // Nothing is believed before it is accepted.
  for (auto& entry : *decided)
    all.accept(std::move(entry));
  BOOST_CHECK(all.find("Base") == nullptr);
  BOOST_CHECK_EQUAL(all.find(id)->name, "A \"base\"");
  BOOST_CHECK_EQUAL(all.find("By name")->json(),
                    R"({"none_of": [ {"segment" :"A \"base\""}, {"segment":"A \"base\""} ]})");
  BOOST_CHECK_EQUAL(all.names_of(all.find("By id")->references).front(), "A \"base\"");
  for (const auto& [number, entry] : all.segments()) {
    BOOST_CHECK_EQUAL(entry.version(), 1u);
    BOOST_CHECK_EQUAL(all.inlined(entry), inlined[entry.id]);
  }
  // Another segment takes the free name, and nobody who meant the first means it.
  define(all, "Base", in_region);
  for (const auto* name : {"By name", "Escaped", "By id", "Above"})
    BOOST_CHECK_EQUAL(all.inlined(*all.find(name)), inlined[all.find(name)->id]);
  BOOST_CHECK(!all.decide_drop("A \"base\""));
  BOOST_CHECK(all.decide_drop("Base"));
}

BOOST_AUTO_TEST_CASE(only_references_are_renamed_in_a_definition) {
  const std::string definition =
    R"({"all_of":[{"segment":"A"},{"type":"profile-property","property":"properties['segment']",
    "filter":{"type":"string","operator":"equals","value":"A"}},{"segment":"AB"},{"segment" : "A"}]})";
  const auto renamed = actors::with_segment_renamed(definition, "A", "C");
  BOOST_CHECK_EQUAL(
    renamed,
    R"({"all_of":[{"segment":"C"},{"type":"profile-property","property":"properties['segment']",
    "filter":{"type":"string","operator":"equals","value":"A"}},{"segment":"AB"},{"segment" : "C"}]})");
  BOOST_CHECK_EQUAL(actors::with_segment_renamed(R"({"segment":"A\\"})", "A\\", "B"),
                    R"({"segment":"B"})");
  BOOST_CHECK_EQUAL(actors::with_segment_renamed(renamed, "A", "D"), renamed);
}

BOOST_AUTO_TEST_CASE(a_name_that_cannot_be_given_is_refused) {
  actors::catalogue all;
  define(all, "Base", bought);
  define(all, "Other", in_region);
  const auto refusal = [&](std::string_view segment, std::string_view name) {
    const auto decided = all.decide_rename(segment, name);
    BOOST_REQUIRE(!decided);
    return decided.error();
  };
  BOOST_CHECK(refusal("Nobody", "New").code == model::failure_code::not_found);
  BOOST_CHECK(refusal("Base", "").code == model::failure_code::invalid_input);
  BOOST_CHECK(refusal("Base", "\xff").code == model::failure_code::invalid_input);
  BOOST_CHECK(refusal("Base", std::string(257, 'x')).code == model::failure_code::invalid_input);
  BOOST_CHECK(refusal("Base", "Other").code == model::failure_code::conflict);
  BOOST_CHECK(refusal("Base", all.find("Other")->id).code == model::failure_code::conflict);
  BOOST_CHECK_NE(refusal("Base", "Other").message.find("\"Base\""), std::string::npos);
  const auto same = all.decide_rename("Base", "Base");
  need(same);
  BOOST_CHECK_EQUAL(same->size(), 1u);
}

BOOST_AUTO_TEST_CASE(names_are_taken_once_and_cycles_are_refused_with_their_path) {
  actors::catalogue all;
  define(all, "Base", bought);
  define(all, "Top", R"({"segment":"Base"})");
  BOOST_CHECK(decide(all, "Base", in_region).refused->code == model::failure_code::conflict);
  BOOST_CHECK(decide(all, "", in_region).refused->code == model::failure_code::invalid_input);
  BOOST_CHECK(decide(all, "\xff", in_region).refused->code == model::failure_code::invalid_input);
  BOOST_CHECK(all.decide_edit("Nobody", in_region, now).refused->code
              == model::failure_code::not_found);
  const auto cycle = all.decide_edit("Base", R"({"segment":"Top"})", now);
  BOOST_REQUIRE_EQUAL(cycle.errors.size(), 1u);
  BOOST_CHECK_NE(cycle.errors[0].allowed.find("Base -> Top -> Base"), std::string::npos);
  const auto drop = all.decide_drop("Base");
  BOOST_REQUIRE(!drop);
  BOOST_CHECK_NE(drop.error().message.find("\"Top\""), std::string::npos);
  BOOST_CHECK(all.decide_drop("Top"));
}

BOOST_AUTO_TEST_CASE(what_was_recorded_is_read_again) {
  tests::temporary_directory directory;
  actors::account_settings made;
  made.partitions = 3;
  made.zone = "Europe/Paris";
  made.clock = {true, 1'234};
  actors::catalogue all;
  {
    auto store = actors::account_store::open(directory.path() / "account", made);
    need(store);
    BOOST_REQUIRE(
      (*store)->save_names({{actors::account_store::name_kind::metric, 0, "Placed Order"},
                            {actors::account_store::name_kind::metric, 1, "a \"quoted\" name"},
                            {actors::account_store::name_kind::list, 0, "VIP"}}));
    auto decided = decide(all, "Base \xe2\x98\x83", bought);
    BOOST_REQUIRE((*store)->save_segments(decided.redefined));
    BOOST_REQUIRE((*store)->save_clock({true, 5'000}));
    actors::person_merge merge;
    merge.from = {1, 7};
    merge.into = {2, 9};
    merge.source = "shop";
    merge.source_sequence = (std::uint64_t{1} << 62) + 1; // More than a double can hold.
    BOOST_REQUIRE_EQUAL((*store)->begin_merge(merge)->number, 1u);
    BOOST_REQUIRE((*store)->end_merge(1));
    BOOST_REQUIRE_EQUAL((*store)->begin_merge(merge)->number, 2u);
  }
  auto store = actors::account_store::open(directory.path() / "account", {});
  need(store);
  BOOST_CHECK_EQUAL((*store)->settings().partitions, 3u);
  BOOST_CHECK_EQUAL((*store)->settings().zone, "Europe/Paris");
  BOOST_CHECK_EQUAL((*store)->settings().clock.ms, 5'000);
  const auto known = (*store)->load_catalogue();
  need(known);
  BOOST_CHECK(known->metrics.names()
              == (std::vector<std::string>{"Placed Order", "a \"quoted\" name"}));
  BOOST_CHECK(known->lists.knows("VIP"));
  const auto* base = known->find("Base \xe2\x98\x83");
  BOOST_REQUIRE(base);
  BOOST_CHECK_EQUAL(base->json(), bought);
  BOOST_CHECK(base->created == now);
  const auto merges = (*store)->load_merges();
  BOOST_REQUIRE(merges);
  BOOST_REQUIRE_EQUAL(merges->size(), 1u);
  BOOST_CHECK_EQUAL(merges->front().number, 2u);
  BOOST_CHECK((merges->front().into == actors::profile_place{2, 9}));
  BOOST_CHECK_EQUAL(merges->front().source_sequence, (std::uint64_t{1} << 62) + 1);
}

BOOST_AUTO_TEST_CASE(many_are_created_together_and_later_ones_may_stand_on_earlier_ones) {
  actors::catalogue all;
  const std::vector<actors::named_rule> wanted{
    {"Buyers", bought},
    {"Here", in_region},
    {"Both", R"({"all_of":[{"segment":"Buyers"},{"segment":"Here"}]})"}};
  const auto decided = all.decide_create(wanted, now);
  BOOST_REQUIRE(!decided.refused);
  BOOST_REQUIRE_EQUAL(decided.redefined.size(), 3u);
  std::set<std::string> ids;
  for (const auto& one : decided.redefined) {
    ids.insert(one.entry.id);
    all.accept(one.entry);
  }
  BOOST_CHECK_EQUAL(ids.size(), 3u);
  BOOST_CHECK_EQUAL(all.names_of(all.find("Both")->references).size(), 2u);
  BOOST_CHECK(decided.redefined[2].inlined.find("Placed Order") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_many_none_is_created_when_one_is_wrong_and_every_error_names_its_index) {
  const actors::catalogue all;
  const std::vector<actors::named_rule> wanted{
    {"Fine", bought}, {"Wrong", "{}"}, {"Wrong too", R"({"all_of":[{"type":"nothing"}]})"}};
  const auto decided = all.decide_create(wanted, now);
  BOOST_REQUIRE_GE(decided.errors.size(), 2u);
  BOOST_CHECK(decided.errors.front().pointer.starts_with("/1"));
  BOOST_CHECK(decided.errors.back().pointer.starts_with("/2/all_of/0"));

  const std::vector<actors::named_rule> twice{{"Fine", bought}, {"Fine", in_region}};
  const auto refused = all.decide_create(twice, now).refused;
  BOOST_REQUIRE(refused);
  BOOST_CHECK(refused->code == model::failure_code::conflict);
  BOOST_CHECK(refused->message.starts_with("segment 2 of 2: "));
}

BOOST_AUTO_TEST_SUITE_END()
