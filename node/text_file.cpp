#include "node/text_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace node {

model::outcome<std::string> text_of(const std::string& file) {
  if (file == "-")
    return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    return model::failure{model::failure_code::not_found,
                          fmt::format("the file {} cannot be read", file)};
  return text;
}

} // namespace node
