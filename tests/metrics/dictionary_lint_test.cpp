#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(dictionary_lint_test)

namespace {

using namespace dictionary_support;

/// The text is refused at that line of its file, with that in the message.
void refused(const std::string& text, unsigned line, std::string_view part) {
  const auto result = with_mine(text);
  BOOST_TEST(!result.read.has_value(), "accepted: " << text);
  BOOST_TEST(tells(result, line, part), "expected " << line << ": " << part << ", told:\n"
                                                    << told(result.faults) << "of\n"
                                                    << text);
}

void accepted(const std::string& text) {
  const auto result = with_mine(text);
  BOOST_TEST(result.read.has_value(), told(result.faults) << "of\n" << text);
}

std::string measure(std::string_view rest) {
  return entry("measure.mine", rest);
}

std::string derived(std::string_view rest) {
  return entry("derived.mine", rest);
}

/// A derived metric `name` with that unit and formula; the formula is in line 6.
std::string formula_of(std::string_view name, std::string_view unit, std::string_view formula,
                       std::string_view rest = {}) {
  return entry("derived." + std::string{name}, "unit = \"" + std::string{unit} + "\"\nformula = \""
                                                 + std::string{formula} + "\"\n"
                                                 + std::string{rest});
}

constexpr std::string_view plain_measure = R"(unit = "events"
counts = "events"
events = "unsubscribed"
population = "message_sends"
time_basis = "send")";

std::string plain(std::string_view more = {}) {
  return measure(std::string{plain_measure} + "\n" + std::string{more});
}

} // namespace

BOOST_AUTO_TEST_CASE(conversion_metrics_are_held_to_their_metrics_and_filters) {
  const auto mine = [](std::string_view rest) { return entry("conversion.mine", rest); };
  accepted(mine("metrics = [\"Placed Order\", {name = \"Visit\", value = \"Length\"}]"));
  refused(mine(""), 1, "metrics is missing or empty");
  refused(mine("metrics = [\"A\",\n  \"A\"]"), 6, "listed twice: A");
  refused(mine("metrics = [\n  {name = \"A\", wher = \"\"},\n]"), 6, "wher");
  refused(mine("metrics = [\n  {name = \"A\", where = '[{}]'},\n]"), 6, "where/0/property");
  refused(mine("metrics = [{value = \"x\"}]"), 5, "name is missing");
  refused(mine("synonyms = [\"placed_order\"]\nmetrics = [\"A\"]"), 5, "is a name already");
  refused(mine("alternatives = [\"placed_ordr\"]\nmetrics = [\"A\"]"), 5,
          "did you mean \"placed_order\"");
  refused(entry("conversion.placed_order", "metrics = [\"A\"]"), 4, "replaces the standard entry");
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_is_refused_with_its_line) {
  refused("a = 1\nb = = 2\n", 2, "no TOML");
  refused("[measure.a]\n[measure.a]\n", 2, "no TOML");
  refused("a = 1\nb = [ }\n", 2, "no TOML"); // The library's own assertion minds this one.
  refused("x = \"" + std::string(101, '.') + "\"\n", 1, "dots");
  refused(std::string((1U << 20) + 1, '\n'), 1, "bytes");
}

BOOST_AUTO_TEST_CASE(sections_fields_and_words_that_nobody_knows_are_refused) {
  refused("[measures.mine]\n", 1, "did you mean \"measure\"?");
  refused("measure = 3\n", 1, "[KIND.NAME]");
  refused("[measure]\nmine = 3\n", 2, "[measure.NAME]");
  refused("[measure.Mine]\n", 1, "small letters");
  refused(plain("unti = \"events\""), 10, "did you mean \"unit\"?");
  refused(measure("unit = \"event\"\ncounts = \"events\""), 5, "did you mean \"events\"?");
  refused(plain("zone = \"utc\""), 10, "\"account\", \"request\"");
  refused(derived("unit = \"fraction\"\nformula = 3"), 6, "it is text");
  refused(plain("synonyms = [\"A b\"]"), 10, "no name");
  refused(plain("alternatives = \"opens\""), 10, "array");
  refused(formula_of("mine", "fraction", "clicks / delivered", "when_zero = \"nothing\""), 7,
          "\"none\"");
  refused(formula_of("mine", "fraction", "clicks / delivered", "share = 1"), 7, "true or false");
}

BOOST_AUTO_TEST_CASE(facts_that_every_entry_owes_are_missed) {
  const auto result = with_mine("# A comment.\n[measure.mine]\n");
  for (const auto* field :
       {"description", "owner", "version", "unit", "counts", "population", "time_basis"})
    BOOST_TEST(tells(result, 2, std::string{"measure \"mine\": "} + field + " is missing"),
               told(result.faults));
  refused("[derived.mine]\ndescription = \" \"\n", 2, "not empty");
  refused("[derived.mine]\nversion = 0\n", 2, "a whole number from 1");
  refused("[derived.mine]\n", 1, "formula is missing");
  refused("[events.mine]\n", 1, "metrics is missing");
  refused("[dimension.mine]\n", 1, "key is missing");
  refused("[report.mine]\n", 1, "title is missing");
  refused("[report.mine]\n", 1, "[report.NAME.request]");
  refused("[datasource.mine]\nkind = \"messages\"\n", 2, "sends is missing");
  refused("[datasource.mine]\nkind = \"messages\"\n", 2, "messages_of is missing");
  refused(measure("unit = \"events\"\ncounts = \"events\"\npopulation = \"message_sends\"\n"
                  "time_basis = \"send\""),
          6, "events is missing");
}

BOOST_AUTO_TEST_CASE(event_sets_list_each_metric_once) {
  refused(entry("events.mine", "metrics = [\n  \"A\",\n  {name = \"A\"},\n]"), 7, "listed twice");
  refused(entry("events.mine", "metrics = [{name = \"A\", channel = \"fax\"}]"), 5, "\"sms\"");
  refused(entry("events.conversion", "metrics = [\"A\"]"), 1, "filled in by each request");
  accepted(entry("events.mine", "metrics = [\"A\", {name = \"B\", channel = \"whatsapp\"}]"));
}

BOOST_AUTO_TEST_CASE(names_and_synonyms_are_given_once) {
  refused(entry("measure.opens", plain_measure), 4, "takes a version above 1");
  refused(formula_of("opens", "fraction", "clicks / delivered"), 4, "takes a version above 1");
  refused(plain() + formula_of("mine", "fraction", "clicks / delivered"), 1, "given twice");
  refused(plain("synonyms = [\"opens\"]"), 10, "a name already");
  refused(plain("synonyms = [\"other\", \"other\"]"), 10, "a name already");
  refused(entry("dimension.mine", "source = \"time\"\nkey = \"day\"\nsynonyms = [\"week\"]"), 7,
          "a name already");
  accepted(plain("synonyms = [\"other\"]"));
}

BOOST_AUTO_TEST_CASE(names_that_nobody_knows_are_refused_with_a_guess) {
  refused(measure(R"(unit = "events"
counts = "events"
events = "open"
population = "message_sends"
time_basis = "send")"),
          7, "no event set is called \"open\"; did you mean \"opened\"?");
  refused(formula_of("mine", "fraction", "click / delivered"), 6, "did you mean \"clicks\"?");
  refused(plain("alternatives = [\"opnes\"]"), 10, "did you mean \"opens\"?");
  refused(formula_of("mine", "number", "1 + 2"), 6, "names no measure");
  refused(entry("datasource.mine", "kind = \"events\"\ngroup_by = [\"contry\"]"), 6,
          "did you mean \"country\"?");
  refused(
    entry("datasource.mine", "kind = \"messages\"\nmessages_of = \"flow\"\nsends = [\"deliverd\"]"),
    7, "did you mean \"delivered\"?");
  refused(entry("datasource.mine", "kind = \"events\"\nclicks = \"clicked\""), 5, "\"messages\"");
  refused(entry("dimension.mine", "source = \"time\"\nkey = \"days\""), 6, "did you mean \"day\"?");
  refused(entry("dimension.mine", "source = \"profile_attribute\"\nkey = \"city\""), 6,
          "location['city']");
  accepted(entry("dimension.mine", "source = \"profile_attribute\"\nkey = \"properties['Size']\""));
  accepted(entry("dimension.mine", "source = \"event_property\"\nkey = \"Anything\""));
}

BOOST_AUTO_TEST_CASE(reports_ask_for_what_there_is) {
  const auto report = [](std::string_view request) {
    return entry("report.mine", "title = \"Mine\"\n[report.mine.request]\n" + std::string{request});
  };
  refused(report("datasource = \"campaings\"\nstatistics = [\"opens\"]"), 6, "no datasource");
  refused(report("statistics = [\"opens\"]"), 6, "datasource is missing");
  refused(report("datasource = \"flow\""), 6, "statistics is missing");
  refused(report("datasource = \"flow\"\nstatistics = [\"open\"]"), 6, "did you mean \"opens\"?");
  refused(report("datasource = \"flow\"\nstatistics = [\"opens\"]\nrollups = [[\"dya\"]]"), 6,
          "did you mean \"day\"?");
  accepted(report("datasource = \"flow\"\nstatistics = [\"opens\"]\ngroup_by = [\"property:x\"]"));
}

BOOST_AUTO_TEST_CASE(filters_are_those_of_segments) {
  refused(plain("where = '{\"property\": \"x\"}'"), 10, "where: found {\"property\":\"x\"}");
  refused(plain("where = '[{\"property\": \"x\"'"), 10, "valid JSON");
  refused(plain(R"(where = '[{"property": "x", "filter": {"type": "string", "operator": "eq"}}]')"),
          10, "where/0/filter/operator: found \"eq\"");
  refused(measure(R"(unit = "people"
counts = "profiles"
population = "account_people"
time_basis = "none"
where = '[]')"),
          9, "tests events");
  accepted(plain(R"(where = '''[{"property": "x",
  "filter": {"type": "string", "operator": "equals", "value": "y"}}]''')"));
}

BOOST_AUTO_TEST_CASE(what_is_counted_decides_the_unit) {
  const auto counted = [](std::string_view unit, std::string_view counts, std::string_view events,
                          std::string_view more = {}) {
    std::string text = "unit = \"";
    text.append(unit).append("\"\ncounts = \"").append(counts).append("\"\nevents = \"");
    text.append(events).append("\"\npopulation = \"message_sends\"\ntime_basis = \"send\"\n");
    return measure(text.append(more));
  };
  refused(counted("money", "events", "spam"), 5, "gives no money");
  refused(counted("events", "people", "spam"), 5, "gives no events");
  refused(counted("messages", "events", "spam"), 5, "as sends");
  refused(counted("events", "events", "spam", "property = \"x\""), 10, "\"sum\"");
  accepted(counted("messages", "events", "bounced"));
  accepted(counted("credits", "sum", "bounced", "property = \"x\""));
}

BOOST_AUTO_TEST_CASE(facts_of_a_measure_have_to_fit) {
  const auto counted = [](std::string_view counts, std::string_view population,
                          std::string_view basis, std::string_view more = {}) {
    std::string text = "unit = \"people\"\ncounts = \"";
    text.append(counts).append("\"\npopulation = \"").append(population);
    text.append("\"\ntime_basis = \"").append(basis).append("\"\n");
    return measure(text.append(more));
  };
  refused(counted("members", "account_people", "event"), 7, "segment_members");
  refused(counted("profiles", "account_people", "event"), 8, "profiles");
  refused(counted("members", "segment_members", "none"), 8, "profiles");
  refused(counted("people", "account_people", "send", "events = \"spam\""), 8, "message_sends");
  refused(counted("message_people", "account_people", "event", "events = \"spam\""), 6,
          "message_sends");
  refused(counted("members", "segment_members", "event", "events = \"spam\""), 9, "without events");
  accepted(counted("leaves", "segment_members", "event"));
}

BOOST_AUTO_TEST_CASE(clicks_and_opens_say_what_becomes_of_machines) {
  const auto people = [](std::string_view events, std::string_view more) {
    std::string text = "unit = \"people\"\ncounts = \"people\"\nevents = \"";
    text.append(events).append("\"\npopulation = \"message_sends\"\ntime_basis = \"send\"\n");
    return measure(text.append(more));
  };
  refused(people("clicked", ""), 1, "bot_clicks is missing");
  refused(people("opened", ""), 1, "apple_privacy_opens is missing");
  refused(people("opened", "apple_privacy_opens = \"include\"\nbot_clicks = \"include\""), 11,
          "leave it out");
  accepted(people("clicked", "bot_clicks = \"exclude\""));
}

BOOST_AUTO_TEST_CASE(a_formula_that_cannot_be_read_is_refused_with_its_column) {
  refused(formula_of("mine", "fraction", "clicks //"), 6, "formula, column 9: found \"/\"");
}

BOOST_AUTO_TEST_CASE(formulas_that_come_back_to_themselves_are_refused_with_the_way) {
  refused(formula_of("mine", "number", "mine + 1"), 6, "mine -> mine");
  refused(formula_of("one", "number", "two + 1") + formula_of("two", "number", "three * 2")
            + formula_of("three", "number", "one / 3"),
          6, "one -> two -> three -> one");
}

BOOST_AUTO_TEST_CASE(formulas_stand_on_one_another_to_a_bound) {
  std::string tower = formula_of("f0", "number", "clicks * 2");
  for (int i = 1; i < 64; ++i)
    tower += formula_of("f" + std::to_string(i), "number", "f" + std::to_string(i - 1) + " * 2");
  accepted(tower);
  const auto result = with_mine(tower + formula_of("f64", "number", "f63 * 2"));
  BOOST_TEST(told(result.faults).find("more than 64 formulas") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(units_that_do_not_go_together_are_not_added) {
  refused(formula_of("mine", "number", "conversion_value + delivered"), 6,
          "does not go together: money and messages");
  refused(formula_of("mine", "number", "open_rate - delivered"), 6, "plain numbers and messages");
  refused(formula_of("mine", "number", "conversion_value / conversions + clicks"), 6,
          "money / events and events");
  refused(formula_of("mine", "fraction", "conversion_value / delivered"), 5, "money / messages");
  refused(formula_of("mine", "money", "delivered + failed"), 5, "the formula gives messages");
  refused(formula_of("mine", "money", "conversion_value * conversion_value"), 5, "money * money");
  accepted(formula_of("mine", "fraction", "1 - open_rate"));
  accepted(formula_of("mine", "money", "average_order_value * 100 + conversion_value"));
  accepted(formula_of("mine", "number", "conversion_value * clicks"));
}

BOOST_AUTO_TEST_CASE(the_sides_of_a_ratio_are_of_one_population_and_time_basis) {
  refused(formula_of("mine", "fraction", "buyers / delivered"), 6, "differ in population");
  refused(formula_of("mine", "fraction", "open_rate / (1 + submit_rate)"), 6,
          "differ in population");
  refused(formula_of("mine", "fraction", "clicks_by_event_date / delivered"), 6,
          "differ in time basis");
  accepted(formula_of("mine", "fraction", "buyers / profiles"));
  accepted(formula_of("mine", "fraction", "clicks_by_event_date / delivered_by_event_date"));
}

BOOST_AUTO_TEST_CASE(a_share_is_a_part_by_its_whole) {
  const auto share = [](std::string_view unit, std::string_view formula) {
    return formula_of("mine", unit, formula, "share = true");
  };
  refused(share("fraction", "clicks / delivered"), 7, "could exceed 1: clicks");
  refused(share("fraction", "conversions / delivered"), 7, "could exceed 1: conversions");
  refused(share("fraction", "clicks_unique / opens_unique"), 7, "could exceed 1: opens_unique");
  refused(share("fraction", "clicks_unique / clicks"), 7, "could exceed 1: clicks");
  refused(share("fraction", "(clicks_unique + opens_unique) / delivered"), 7, "could exceed 1");
  refused(share("fraction", "delivered / bounced"), 7, "could exceed 1: delivered");
  refused(share("fraction", "opens_unique / people_reached"), 7, "could exceed 1: people_reached");
  refused(share("fraction", "people_opened / people_clicked"), 7, "could exceed 1: people_clicked");
  refused(share("fraction", "2 * opens_unique / delivered"), 7, "measures or sums");
  refused(share("fraction", "clicks_unique * opens_unique"), 7, "one division");
  refused(share("number", "opens_unique / delivered"), 5, "\"fraction\"");
  accepted(share("fraction", "opens_unique / delivered"));
  accepted(share("fraction", "opens_unique / recipients"));
  accepted(share("fraction", "bounced_or_failed / (failed + delivered + bounced)"));
  accepted(share("fraction", "people_opened / people_reached"));
  accepted(share("fraction", "buyers / profiles"));
}

BOOST_AUTO_TEST_CASE(faults_come_in_the_order_of_the_lines) {
  const auto result = with_mine(formula_of("b", "money", "delivered + failed")
                                + formula_of("a", "fraction", "conversion_value / delivered"));
  BOOST_REQUIRE(result.faults.size() == 2);
  BOOST_TEST(result.faults[0].at.line < result.faults[1].at.line);
}

BOOST_AUTO_TEST_SUITE_END()
