#pragma once

#include "bench/generated_store.hpp"

#include <string>
#include <string_view>

/// Rows of the generated store as lines of text, appended to `out`. NDJSON is what Rollcall loads;
/// CSV holds the same rows for the rivals, with times as seconds since 1970 and lists joined by
/// `|`.
namespace bench {

void append_event_ndjson(std::string& out, std::uint64_t number, const event_row& event);
void append_profile_ndjson(std::string& out, const profile_row& profile);

void append_event_csv(std::string& out, std::uint64_t number, const event_row& event);
void append_profile_csv(std::string& out, const profile_row& profile);
/// One line for each list that the profile joined.
void append_lists_csv(std::string& out, const profile_row& profile);

// Header lines of the CSV files, with the line end.
std::string_view event_csv_header();
std::string_view profile_csv_header();
std::string_view lists_csv_header();

} // namespace bench
