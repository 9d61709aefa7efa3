#pragma once

#include <string>
#include <string_view>

/// Definitions as tests write them: conditions of klaviyo-api.md chapter 3, put together from text.
namespace node_tests {

/// The date filter "in the last N days"; `alltime` for no bound.
std::string last_days(int days);
extern const std::string alltime;

/// "The number of such events compares with …": `comparison` as in the grammar.
std::string counted(std::string_view metric, std::string_view comparison, double number,
                    const std::string& during, const std::string& where = "null");
/// "The sum of the values compares with …".
std::string summed(std::string_view metric, std::string_view comparison, double number,
                   const std::string& during);

/// All of the conditions.
std::string all_of(std::initializer_list<std::string> conditions);

} // namespace node_tests
