#include "gateway/new_id.hpp"

#include "gateway/errors.hpp"
#include "gateway/identity.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdint>

namespace gateway {

std::string new_ulid(model::instant now) {
  std::array<std::uint8_t, 10> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw refusal{
      to_error({model::failure_code::unavailable, "No random numbers were to be had."})};
  return ulid(now, random);
}

} // namespace gateway
