#pragma once

#include "metrics/dictionary.hpp"

#include <string>

namespace metrics {

/// All entries as a Markdown page: a section a kind, an entry a paragraph, in the order of names.
std::string reference_page(const dictionary& all);

} // namespace metrics
