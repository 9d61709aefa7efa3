#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// The questions of questions/, as programs need them.
namespace bench {

std::vector<std::filesystem::path> question_files(const std::filesystem::path& folder);

boost::json::object read_question(const std::filesystem::path& file);

/// The definitions of a question's segments: one, or a hundred.
std::vector<std::string> definitions_of(const boost::json::object& question);

/// The conditions of the questions, whatever they ask: at most `count` different ones.
std::vector<std::string> conditions_of_questions(const std::filesystem::path& folder,
                                                 std::size_t count);

} // namespace bench
