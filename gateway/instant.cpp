#include "gateway/instant.hpp"

namespace gateway {

std::optional<model::instant> read_instant(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t offset_size = std::string_view{" 00:00"}.size();
  constexpr std::size_t time_at = std::string_view{"2024-01-01T"}.size();
  std::string spelled{text};
  // Nearer to the date it would be the space between date and time.
  if (text.size() >= time_at + offset_size && text[text.size() - offset_size] == ' ')
    spelled[text.size() - offset_size] = '+';
  const auto at = model::parse_instant(spelled);
  if (!at || *at < sys_days{year{1} / 1 / 1} || *at >= sys_days{year{10'000} / 1 / 1})
    return std::nullopt;
  return at;
}

std::string instant_text(model::instant at) {
  auto text = model::format_instant(model::floor_second(at));
  text.pop_back(); // The Z.
  return text + "+00:00";
}

} // namespace gateway
