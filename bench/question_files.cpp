#include "bench/question_files.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace bench {

std::vector<std::filesystem::path> question_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator{folder})
    if (file.path().extension() == ".json")
      files.push_back(file.path());
  std::ranges::sort(files);
  return files;
}

boost::json::object read_question(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::stringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

std::vector<std::string> definitions_of(const boost::json::object& question) {
  std::vector<std::string> all;
  if (const auto* many = question.if_contains("segments"))
    for (const auto& one : many->as_array())
      all.push_back(boost::json::serialize(one.at("definition")));
  else
    all.push_back(boost::json::serialize(question.at("definition")));
  return all;
}

std::vector<std::string> conditions_of_questions(const std::filesystem::path& folder,
                                                 std::size_t count) {
  std::vector<std::string> all;
  for (const auto& file : question_files(folder)) {
    const auto question = read_question(file);
    for (const auto& text : definitions_of(question)) {
      const auto definition = boost::json::parse(text);
      for (const auto& group : definition.at("condition_groups").as_array())
        for (const auto& condition : group.at("conditions").as_array())
          if (auto json = boost::json::serialize(condition);
              all.size() < count && std::ranges::find(all, json) == all.end())
            all.push_back(std::move(json));
    }
  }
  return all;
}

} // namespace bench
