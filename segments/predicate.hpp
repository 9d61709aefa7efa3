#pragma once

#include "model/value.hpp"
#include "segments/date_window.hpp"
#include "segments/definition.hpp"
#include "segments/needed_texts.hpp"
#include "segments/phone_country.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace segments {

/// A number filter over whole counts from 0 up: inside [low, high], or outside when negated.
struct count_range {
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool negated = false;
  [[nodiscard]] bool holds(std::int64_t count) const {
    return (low <= count && count <= high) != negated;
  }
};

bool holds(const number_filter& test, double number);
count_range range_of(const number_filter& test);
bool holds(const list_length_filter& test, std::int64_t length);

/// A filter made ready to be asked about many values (semantics S5–S13). Cheap to move, immutable,
/// safe from every thread.
class predicate {
public:
  /// Throws std::invalid_argument for an unknown zone or a pattern that RE2 refuses; the parser
  /// lets neither pass.
  predicate(const filter& test, const zone& account_zone);
  predicate(predicate&&) noexcept;
  predicate& operator=(predicate&&) noexcept;
  ~predicate();

  [[nodiscard]] bool is_date() const {
    return kind_ == kind::date;
  }
  /// Time alone may change the answer.
  [[nodiscard]] bool moves() const {
    return is_date() && window_.moves();
  }
  [[nodiscard]] bool uses_profile_zone() const {
    return is_date() && window_.uses_profile_zone();
  }
  [[nodiscard]] const date_window& window() const {
    return window_;
  }

  /// The answer at `now`; `profile_zone` stands in for the filter zone "profile".
  [[nodiscard]] standing test(model::value_view v, std::int64_t now,
                              const zone& profile_zone) const;
  /// Of filters that are no dates.
  [[nodiscard]] bool matches(model::value_view v) const {
    // By far the most asked question.
    if (kind_ == kind::same_text)
      return v.kind == model::value_kind::text && v.text == texts_.front();
    return matches_other(v);
  }
  /// The same test of an instant that is not written as text: dates and existence only.
  [[nodiscard]] standing test_instant(std::int64_t t, std::int64_t now,
                                      const zone& profile_zone) const;

private:
  enum class kind : std::uint8_t {
    same_text,
    text,
    text_on_list,
    number,
    boolean,
    existence,
    list,
    length,
    date
  };

  [[nodiscard]] bool matches_other(model::value_view v) const;
  [[nodiscard]] bool matches_text(std::string_view text) const;
  [[nodiscard]] bool matches_items(std::string_view encoded) const;

  kind kind_ = kind::existence;
  bool flag_ = false; // Boolean operand, or is-set.
  text_operator text_op_{};
  list_operator list_op_{};
  std::vector<std::string> texts_;
  std::vector<model::value> items_;
  std::unique_ptr<re2::RE2> pattern_;
  needed_texts needed_; // By the pattern.
  phone_countries countries_;
  number_filter number_{};
  list_length_filter length_{};
  date_window window_;
};

} // namespace segments
