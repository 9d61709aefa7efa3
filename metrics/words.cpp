#include "metrics/words.hpp"

#include "segments/place.hpp"

namespace metrics {

namespace {

template <class Enum, std::size_t N>
std::string_view word_in(const std::array<std::string_view, N>& words, Enum e) {
  return words.at(static_cast<std::size_t>(e));
}

} // namespace

std::string_view name_of(channel c) {
  return c == channel::any ? std::string_view{} : word_in(channel_words, c);
}

std::string_view word(counting what) {
  return word_in(counting_words, what);
}

std::string_view word(time_basis basis) {
  return word_in(time_basis_words, basis);
}

std::string_view word(population of) {
  return word_in(population_words, of);
}

std::string_view word(policy p) {
  return word_in(policy_words, p);
}

std::string_view word(unit u) {
  return word_in(unit_words, u);
}

std::string_view word(dimension_source source) {
  return word_in(dimension_source_words, source);
}

std::string_view word(datasource_kind kind) {
  return word_in(datasource_kind_words, kind);
}

std::string_view word(message_owner owner) {
  return word_in(message_owner_words, owner);
}

std::string meant(std::span<const std::string_view> choices, std::string_view written) {
  const auto all = segments::listed(choices, written);
  const auto hint = all.rfind("; did you mean ");
  return hint == std::string::npos ? std::string{} : all.substr(hint);
}

} // namespace metrics
