#pragma once

#include "node/command_line.hpp"

#include <string>
#include <vector>

/// What the two files of segment commands share.
namespace node {

/// members, explain, feed.
void add_segment_questions(command_line& line, CLI::App& group);

/// A JSON document without spaces between its parts.
std::string one_line(const std::string& json);

/// Waits for a build with a bar on standard error.
model::status wait_with_progress(rollcall::engine& engine, const std::string& segment);

/// Writes ids sorted, one a line; `-` is standard output.
model::status write_ids(const std::string& file, std::vector<std::string> ids);

/// The engine's JSON explanation in lines for people.
std::string explanation_text(const std::string& json, const std::string& person,
                             const std::string& segment);

/// One membership change as JSON, the line of feeds and of `rollcall run`.
std::string flip_json(const rollcall::flip_record& flip);

} // namespace node
