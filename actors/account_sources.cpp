#include "actors/account_parts.hpp"
#include "actors/countdown.hpp"

#include <algorithm>
#include <utility>

/// How far the senders of batches have come.
namespace actors::account_parts {

void ask_counts(self_pointer self, const std::string& source, counts_callback then) {
  auto& profiles = self->state.parts.profiles;
  const auto counts = std::make_shared<std::vector<std::uint64_t>>(profiles.size());
  const auto all = countdown::from(
    profiles.size(), [=](const std::optional<caf::error>& failed) { then(failed, *counts); });
  for (std::size_t p = 0; p < profiles.size(); ++p)
    self->request(profiles[p], caf::infinite, read_last_of{source})
      .then(
        [=](std::uint64_t count) {
          (*counts)[p] = count;
          all->one_done();
        },
        [=](caf::error& e) { all->one_failed(std::move(e)); });
}

void find_last_sequence(self_pointer self, const std::string& source,
                        caf::typed_response_promise<last_sequences> reply) {
  const auto merges = self->state.parts.store->load_merges();
  if (!merges) {
    reply.deliver(to_error(merges.error()));
    return;
  }
  const auto described = self->state.parts.store->described_up_to(source);
  if (!described) {
    reply.deliver(to_error(described.error()));
    return;
  }
  // Recorded by the account, and perhaps by no partition: descriptions, merges to be carried out.
  auto of_account = *described >> record_bits;
  for (const auto& merge : *merges)
    if (merge.source == source)
      of_account = std::max(of_account, merge.source_sequence >> record_bits);
  ask_counts(
    self, source,
    [=](const std::optional<caf::error>& failed, const std::vector<std::uint64_t>& counts) mutable {
      if (failed) {
        reply.deliver(*failed);
        return;
      }
      last_sequences last{UINT64_MAX, of_account};
      for (const auto count : counts) {
        const bool is_whole = (count & whole_batch) == whole_batch || count == 0;
        last.everywhere = std::min(last.everywhere, (count >> record_bits) - (is_whole ? 0 : 1));
        last.anywhere = std::max(last.anywhere, count >> record_bits);
      }
      reply.deliver(last);
    });
}

} // namespace actors::account_parts
