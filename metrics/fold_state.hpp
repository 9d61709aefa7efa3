#pragma once

#include "metrics/cells.hpp"
#include "metrics/event_reader.hpp"
#include "metrics/fold.hpp"
#include "metrics/profile_rows.hpp"
#include "metrics/time_slots.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Inside the folder only: what a fold is made of. Its members are spread over fold_*.cpp by
// purpose.
namespace metrics {

inline constexpr std::int64_t no_time = INT64_MIN;

/// Profiles are counted one by one, through views of them or rows of a block; where the order
/// allows it, rows are counted by their columns' codes, each combination looked up once a block.
class fold_state final : public fold {
public:
  fold_state(const fold_order& order, std::vector<fold_object> objects, model::name_binder& names,
             const membership_history* memberships);
  void read(const model::block_view& block, std::uint32_t first, std::uint32_t profiles) override;
  void read_early(const model::profile_view& profile, std::uint32_t number) override;
  fold_result result() override;

private:
  struct stream_state {
    stream_state(const fold_stream& s, model::name_binder& names, value_table& values)
      : order(&s), events(s.metric, names, values) {
    }
    const fold_stream* order;
    event_reader events;
    std::optional<message_reader> messages{};
    std::vector<std::uint32_t> measures{}; // That count its events.
    std::size_t bot_slot = 0;              // Of clicks.
    std::size_t apple_slot = 0;            // Of opens.
    std::optional<event_tests> conversion_tests{};
    std::vector<std::size_t> grouping_slots{}; // By a cell's groupings; of properties only.
    std::vector<std::size_t> told_slots{};     // Everything that decides what an event counts for.
  };
  struct measure_stream {
    event_tests tests;
    std::optional<std::size_t> property_slot{}; // Of a number that is not the value.
  };
  /// An attribute of the profile that is being read.
  struct attribute_state {
    std::uint32_t attribute = 0;
    value_table* values = nullptr;
    model::coded_column column{};
    std::vector<std::uint32_t> numbers{}; // By code.
    std::uint32_t row = 0;
    const model::profile_view* view = nullptr;

    void turn_to_block(const model::block_view& block) {
      column = block.attribute(attribute);
      if (column.dictionary == nullptr)
        return;
      numbers.assign(std::size_t{column.dictionary->size()} + 1, UINT32_MAX);
      numbers[0] = 0;
    }
    void turn_to_row(std::uint32_t to) {
      view = nullptr;
      row = to;
    }
    std::uint32_t number() {
      if (view)
        return values->number_of(view->attribute(attribute));
      if (column.dictionary == nullptr)
        return 0;
      auto& n = numbers[column.code(row)];
      if (n == UINT32_MAX)
        n = values->number_of(column.dictionary->entry(column.code(row)));
      return n;
    }
  };
  /// An event of the profile that is being read, or a conversion with the message it is credited
  /// to.
  struct seen {
    std::int64_t time = 0;
    std::uint32_t stream = 0;
    std::uint32_t place = 0; // Among the stream's events.
    std::uint32_t message = message_reader::none;
    bool is_bot = false;
    bool is_apple = false;
  };
  struct touch {
    std::int64_t time = 0;
    std::int64_t end = 0;
    std::uint32_t message = 0;
    std::uint8_t rank = 0;
  };
  struct flow_send {
    std::int64_t time = 0;
    std::uint32_t identity = 0;
  };
  struct message_state {
    std::int64_t moment = no_time; // Of a campaign.
    channel by = channel::any;
  };

  // --- making ready (fold_ready.cpp)
  void prepare_streams(model::name_binder& names);
  void prepare_measures(model::name_binder& names);
  void prepare_groupings(model::name_binder& names);

  // --- one profile (fold.cpp)
  void read_profile(const model::profile_view& profile, std::uint32_t number);
  void count_profile(std::uint32_t number);
  void count_living();
  void count_events();
  void count_messages();

  /// Everything that the profile was sent and did with it.
  void gather();
  /// What the event's properties say: its message, and whether a machine made it.
  void mark(stream_state& stream, seen& e);
  void mark_machines(stream_state& stream, seen& e) const;
  std::uint32_t message_of(stream_state& stream, std::uint32_t i);
  void describe_message(std::uint32_t message);
  void describe_names(const fold_object& o, message_row& row);
  std::uint32_t text_number(std::string_view text);

  /// The instant of the send that an event of this message belongs to.
  [[nodiscard]] std::int64_t send_time(std::uint32_t message, std::int64_t time) const;

  // --- credit, S30 (fold_credit.cpp)
  void give_credit();
  /// Whether the conversion is a message's event besides, and is among those that belong to no
  /// send.
  [[nodiscard]] bool is_told_without_send(seen conversion);
  void gather_touches();
  /// Of a row whose other events are counted by columns.
  void credit_row(std::uint32_t row);
  /// Only those that may have led to one of the row's conversions.
  void gather_near_touches();
  static std::int64_t longest_window(const fold_stream& s);
  /// How long the event may earn credit; 0 = not at all.
  [[nodiscard]] std::int64_t window_of(const seen& e) const;

  /// The touch that stands later in the order of credit.
  [[nodiscard]] bool goes_after(const touch& a, const touch& b) const;
  [[nodiscard]] const touch* touch_before(std::int64_t time) const;

  // --- counting (fold_count.cpp)
  /// Whether some measure leaves it out because it belongs to no send.
  bool count(const seen& e, std::span<const std::uint32_t> measures);
  [[nodiscard]] bool need_sends(std::span<const std::uint32_t> measures) const;
  void count_one(const seen& e, std::uint32_t m, std::int64_t sent);
  double number_of(const measure_stream& own, stream_state& stream, const seen& e);
  void exclude(std::uint32_t measure, exclusion why);
  std::uint32_t interval_of(std::int64_t time);

  // --- groupings

  /// `e` is null for the profile itself.
  void fill_values(const seen* e, std::int64_t time, std::int64_t sent);
  [[nodiscard]] bool is_member(const grouping& g, std::int64_t time, std::int64_t sent) const;
  std::uint32_t time_number(time_part part, std::int64_t time);
  [[nodiscard]] std::string time_text(time_part part, period unit, std::int64_t number) const;

  // --- by columns (fold_columns.cpp)

  /// What becomes of all events that agree in everything that a fold looks at.
  struct column_entry {
    std::uint32_t cell = 0;
    bool is_counted = false;
    exclusion why = exclusion::no_message; // When it is not.
    bool is_bot = false;
    bool is_apple = false;
    std::int64_t window_ms = 0; // Of a touch in the timeframe; 0 = it is none.
  };
  /// A stream's columns in the block that is being read, and the entries found so far.
  struct column_stream {
    const model::event_columns* columns = nullptr;
    struct digit {
      model::coded_column column;
      std::uint64_t weight = 0; // In the block's keys.
    };
    std::vector<digit> digits;                    // Of events.
    std::vector<std::uint64_t> attribute_weights; // By attribute.
    bool has_keys = true;              // The block has few enough combinations for `places`.
    std::vector<std::uint32_t> places; // By key: of the entry, plus one.
    tuple_table tuples{0};             // What events say, in value numbers; numbers the entries.
    std::vector<std::uint32_t> tuple;  // Scratch.
    std::vector<column_entry> entries;
    // Where everything is counted by key:
    std::vector<std::uint32_t> keys;                          // Of the events being counted.
    std::vector<std::uint32_t> counts;                        // By key.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> met; // Keys, each with an event's place.
    struct people_measure {
      std::uint32_t measure = 0;
      bool is_by_message = false;
      std::vector<std::uint32_t> cells; // By key, once it is met; `filtered_out` = not counted.
      people_view people{};
    };
    std::vector<people_measure> people;
    bool asks_whose = false;            // There are people to count, or attributes in the key.
    std::int64_t longest_window_ms = 0; // Of touches, where credit is given.
    std::uint64_t outside = 0;          // Events outside the timeframe.
  };
  [[nodiscard]] bool can_go_by_columns();
  [[nodiscard]] bool can_count_by_key() const;
  /// Counts the events of clean rows, whose first is profile number `first`: their keys first, then
  /// how often each key came and whose it was.
  void count_rows(std::uint32_t begin, std::uint32_t end, std::uint32_t first);
  /// Gives credit for the rows' conversions.
  void credit_rows(std::uint32_t begin, std::uint32_t end, std::uint32_t first);
  /// Finds the keys of the rows' events and counts them where it does not matter whose they are.
  /// False: that is still to be done, row by row.
  bool count_run(std::uint32_t stream, std::uint32_t begin, std::uint32_t end);
  /// `from`: the first row whose events' keys were found.
  void count_row_by_key(std::uint32_t stream, std::uint32_t row, std::uint32_t from);
  /// The keys of the events [from, to) of a stream, without what attributes add to them.
  void find_keys(column_stream& c, std::uint32_t from, std::uint32_t to) const;
  void meet_key(std::uint32_t stream, std::uint32_t key, std::uint32_t row, std::uint32_t at);
  [[nodiscard]] std::uint64_t row_key_of(const column_stream& c, std::uint32_t row) const;
  void count_keys(std::uint32_t stream);
  void prepare_columns();
  void prepare_columns(std::uint32_t stream);
  void count_row(std::uint32_t row);
  void count_row(std::uint32_t stream, std::uint32_t row);
  struct column_event {
    std::optional<std::uint32_t>
      row{};              // Nothing = nobody looked yet; there are no attributes then.
    std::uint32_t at = 0; // Place in the columns.
    std::uint32_t time_class = 0;
  };
  /// A touch whose window may be open is looked at by itself.
  void look_whether_open(std::uint32_t stream, std::uint64_t key, const column_event& e);
  const column_entry& entry_of(std::uint32_t stream, std::uint64_t key, const column_event& e);
  std::uint32_t place_of(std::uint32_t stream, const column_event& e);
  column_entry resolve(std::uint32_t stream, std::uint32_t row, std::uint32_t place);
  void count_entry(const column_entry& e, const stream_state& stream, std::uint32_t at);
  /// So many events alike, whose people were counted already.
  void count_alike(const column_entry& e, const stream_state& stream, std::uint64_t times);
  /// Why a measure does not count events of an entry; nothing = it does.
  [[nodiscard]] static std::optional<exclusion> why_not(const column_entry& e,
                                                        const fold_measure& measure);
  void end_columns();

  fold_order order_;
  std::vector<fold_object> objects_;
  std::map<std::pair<message_owner, std::string>, std::size_t> object_places_;
  const membership_history* memberships_;
  const segments::zone& zone_;
  value_table values_;
  tuple_table messages_;
  tuple_table identities_;
  std::vector<message_row> rows_;     // By message.
  std::vector<message_state> states_; // By message.
  cells cells_;
  std::vector<stream_state> streams_;
  std::vector<std::vector<std::optional<measure_stream>>> measure_streams_; // By measure, stream.
  std::vector<std::uint32_t> credited_; // Measures of conversions.
  std::vector<std::uint32_t> profile_measures_;
  std::vector<attribute_state> attributes_;
  std::vector<std::size_t> attribute_of_; // By a cell's groupings.
  std::vector<std::uint32_t> cell_values_;
  std::map<std::pair<time_part, std::int64_t>, std::uint32_t> time_numbers_;
  std::uint32_t truth_ = 0;
  std::uint32_t member_ = 0;
  std::uint32_t not_member_ = 0;
  std::uint32_t last_interval_ = 0;
  bool goes_by_columns_ = false;
  bool counts_by_key_ = false;   // Events and people, and nothing that asks for a single event.
  bool columns_by_time_ = false; // Every measure counts by the events' own time.
  std::uint64_t time_classes_ = 1;
  std::optional<time_slots> time_slots_; // Of groupings by time and intervals.
  std::vector<column_stream> column_streams_;
  early_profiles early_;
  fold_result result_;
  // Of the profile that is being read.
  std::uint32_t profile_ = 0;
  std::vector<seen> seen_;
  std::vector<flow_send> sends_;
  std::vector<touch> touches_;
  std::vector<std::int64_t> conversion_times_;
  bool has_conversions_ = false;
};

} // namespace metrics
