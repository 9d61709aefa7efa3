#pragma once

#include <cstddef>
#include <cstdint>

/// Bounds that several folders share.
namespace model {

/// Neighbouring profiles that share one block of columns: profile ordinal o stands in block o /
/// block_rows, row o % block_rows.
inline constexpr std::uint32_t block_rows = 4096;

// --- input: one NDJSON line, one record ----------------------------------------------------------

inline constexpr std::size_t line_bytes_max = 5 * 1024 * 1024;
inline constexpr std::size_t event_properties_max = 400;
inline constexpr std::size_t text_bytes_max = 100 * 1024;
inline constexpr std::size_t list_items_max = 4000;
inline constexpr std::size_t
  nesting_max = 10; // Lists and objects inside each other, in one property.
inline constexpr std::size_t metric_name_characters_max = 127; // Code points.
inline constexpr std::size_t list_name_bytes_max = 256;
inline constexpr std::size_t property_name_bytes_max = 256;
inline constexpr std::size_t unique_id_bytes_max = 512;
/// External id, e-mail, phone. They become part of LMDB keys, which end at 511 bytes.
inline constexpr std::size_t identifier_bytes_max = 255;
/// Times of events and joins, milliseconds since 1970 UTC: 1900-01-01 to before 2200-01-01.
inline constexpr std::int64_t time_ms_min = -2208988800000;
inline constexpr std::int64_t time_ms_end = 7258118400000;

// --- described objects: campaigns, flows, tags ---------------------------------------------------

inline constexpr std::size_t object_text_bytes_max = 1000; // Ids, names, statuses.
inline constexpr std::size_t object_messages_max = 1000;
inline constexpr std::size_t object_tags_max = 100;
inline constexpr std::size_t message_variations_max = 100;

// --- batches -------------------------------------------------------------------------------------

/// A reader starts no further line once a batch's arena is this large; its references are 32 bits
/// wide.
inline constexpr std::size_t batch_bytes_full = 256 * 1024 * 1024;
/// Nor once it has so many records or properties.
inline constexpr std::size_t batch_records_full = std::size_t{1} << 20;
inline constexpr std::size_t batch_properties_full = std::size_t{1} << 23;
/// No batch is larger: it would be neither written nor read.
inline constexpr std::size_t batch_records_max = 4 * batch_records_full;
inline constexpr std::size_t batch_properties_max = 4 * batch_properties_full;

} // namespace model
