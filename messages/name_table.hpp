#pragma once

#include "model/change.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace messages {

/// How the key of a name becomes its text in the batch.
enum class name_space : std::uint8_t {
  plain = 0,    // Metrics, lists, event properties, fixed attribute paths: as it stands.
  property = 1, // Custom attributes: properties['<key>'].
};

/// Gives each name of a batch its number. Names are remembered from batch to batch, so that a name
/// costs an allocation only when it is met for the first time.
class name_table {
public:
  name_table();

  /// From now on names go into `batch`, whose names, if it has any, keep their numbers.
  void enter(model::change_batch& batch);

  /// The number of a name in the batch, which learns it where needed.
  std::uint32_t number(name_space space, std::string_view key);

  /// The same, and whether the name was asked for under this stamp before.
  struct stamped {
    std::uint32_t number;
    bool is_repeated;
  };
  stamped number_once(name_space space, std::string_view key, std::uint64_t stamp);

  /// Forgets the numbers from `size` on, which the batch has lost.
  void roll_back(std::size_t size);

private:
  struct entry {
    std::uint64_t hash = 0;
    std::uint64_t batch = 0; // Generation in which `number` is true.
    std::uint64_t stamp = 0;
    std::uint32_t number = 0;
    name_space space{};
    std::string key;
  };

  std::uint32_t remember(name_space space, std::string_view key); // Its entry.
  entry& enlist(std::uint32_t index);                             // Gives it a number in the batch.
  void grow();

  std::vector<std::uint32_t> slots_; // Entry + 1; 0 = free. A power of two.
  std::vector<entry> entries_;
  std::vector<std::uint32_t> of_batch_; // Entry of each number.
  std::uint64_t generation_ = 0;
  model::change_batch* batch_ = nullptr;
};

} // namespace messages
