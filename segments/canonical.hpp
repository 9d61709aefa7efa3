#pragma once

#include "segments/definition.hpp"

namespace segments {

/// The one form of all criteria that say the same: weeks are days, rolling days are hours, minutes
/// and seconds that make up whole hours are hours, a zone that cannot matter is dropped, event
/// filters and set operands are sorted and unique. `canonical_text` writes this form.
criterion normalised(criterion c);

} // namespace segments
