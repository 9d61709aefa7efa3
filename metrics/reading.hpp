#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/toml_tree.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Inside the folder only: what the reader and the lints of a dictionary share.
namespace metrics {

/// A dictionary in the making.
struct reading {
  dictionary made;
  std::vector<dictionary_fault> faults;
  /// Where the fields of entries stand, by `field_key`.
  std::map<std::string, source_place, std::less<>> fields;

  /// Notes a fault of an entry, at one of its fields where that is there.
  void refuse(std::string_view kind, const entry_facts& entry, std::string_view field,
              std::string_view message);
};

/// `measure opens unit`.
std::string field_key(std::string_view kind, std::string_view name, std::string_view field);

/// `measure "opens"`.
std::string entry_title(std::string_view kind, std::string_view name);

/// Reads the fields of one TOML table and notes what is wrong with them.
class table_reader {
public:
  /// `title` begins the message of every fault.
  table_reader(reading& into, std::string file, std::string title, const toml_value& table,
               std::uint32_t line)
    : into_(into), file_(std::move(file)), title_(std::move(title)), table_(table), line_(line) {
  }

  /// Text that must be there and not be empty.
  std::string text(std::string_view key);
  std::string text_or(std::string_view key, std::string_view otherwise);
  bool truth_or(std::string_view key, bool otherwise);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
  /// An array of text, none when it is not there.
  std::vector<std::string> texts(std::string_view key);
  /// An array of tables, none when it is not there; plain text stands for `{name = text}`.
  std::vector<toml_value> tables(std::string_view key);
  /// The value, whatever it is; null when it is not there.
  const toml_value* value(std::string_view key);

  /// One of the words, in the order of the enumerators.
  template <class Enum>
  Enum choice(std::string_view key, std::span<const std::string_view> words) {
    return static_cast<Enum>(index_of(key, words, true).value_or(0));
  }
  template <class Enum>
  Enum choice_or(std::string_view key, std::span<const std::string_view> words, Enum otherwise) {
    const auto index = index_of(key, words, false);
    return index ? static_cast<Enum>(*index) : otherwise;
  }

  /// Refuses every field that nobody asked for. To be called last.
  void refuse_others();

  void refuse(std::uint32_t line, std::string_view message);
  [[nodiscard]] bool has(std::string_view key) const {
    return table_.find(key) != nullptr;
  }
  [[nodiscard]] std::uint32_t line_of(std::string_view key) const;
  [[nodiscard]] const std::string& file() const {
    return file_;
  }
  [[nodiscard]] const std::string& title() const {
    return title_;
  }

private:
  const toml_value* required(std::string_view key);
  std::optional<std::size_t> index_of(std::string_view key, std::span<const std::string_view> words,
                                      bool is_required);

  reading& into_;
  std::string file_;
  std::string title_;
  const toml_value& table_;
  std::uint32_t line_;
  std::vector<std::string_view> asked_;
};

/// Names, references and facts that entries owe each other. Faults go to `all.faults`.
void lint_names(reading& all);
/// Formulas: cycles, units, ratios, shares. Expects that `lint_names` had nothing to say.
void lint_formulas(reading& all);

} // namespace metrics
