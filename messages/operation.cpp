#include "messages/operation.hpp"

#include "messages/operation.capnp.h"
#include "model/limits.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <exception>
#include <optional>

namespace messages {

namespace {

constexpr std::size_t any_pairs = SIZE_MAX; // Of texts: an even number, at least two.

struct shape {
  operation_kind kind;
  std::string_view name;
  std::size_t texts;
};

constexpr std::array shapes = {
  shape{operation_kind::tick, "tick", 0},
  shape{operation_kind::apply_batch, "apply_batch", 0},
  shape{operation_kind::merge_profiles, "merge_profiles", 2},
  shape{operation_kind::erase_profile, "erase_profile", 1},
  shape{operation_kind::create_segments, "create_segments", any_pairs},
  shape{operation_kind::edit_segment, "edit_segment", 2},
  shape{operation_kind::activate_segment, "activate_segment", 1},
  shape{operation_kind::rename_segment, "rename_segment", 2},
  shape{operation_kind::drop_segment, "drop_segment", 1},
  shape{operation_kind::cancel_build, "cancel_build", 1},
  shape{operation_kind::change_reports, "change_reports", 1},
  shape{operation_kind::put_document, "put_document", 3},
  shape{operation_kind::drop_document, "drop_document", 2},
  shape{operation_kind::add_list, "add_list", 1},
  shape{operation_kind::create_account, "create_account", 2},
};

const shape* shape_of(std::uint16_t kind) {
  for (const auto& s : shapes)
    if (static_cast<std::uint16_t>(s.kind) == kind)
      return &s;
  return nullptr;
}

bool fits(const shape& s, std::size_t texts) {
  return s.texts == any_pairs ? texts != 0 && texts % 2 == 0 : texts == s.texts;
}

model::failure broken(std::string_view why) {
  return {model::failure_code::storage_broken, fmt::format("this is no operation: {}", why)};
}

} // namespace

std::string_view name_of(operation_kind kind) {
  const auto* s = shape_of(static_cast<std::uint16_t>(kind));
  return s ? s->name : "unknown";
}

std::string encode(const operation& what) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Operation>();
  root.setWriterVersion(operation_versions.writer);
  root.setOldestReader(operation_versions.oldest_reader);
  root.setKind(static_cast<std::uint16_t>(what.kind));
  root.setInstant(model::to_ms(what.at));
  root.setAccount(capnp::Text::Reader{what.account.data(), what.account.size()});
  if (!what.texts.empty()) {
    auto texts = root.initTexts(static_cast<unsigned>(what.texts.size()));
    for (unsigned i = 0; i < texts.size(); ++i)
      texts.set(i, capnp::Text::Reader{what.texts[i].data(), what.texts[i].size()});
  }
  root.setIsSo(what.is_so);
  if (!what.batch.empty())
    root.setBatch({reinterpret_cast<const capnp::byte*>(what.batch.data()), what.batch.size()});
  const auto words = capnp::messageToFlatArray(builder);
  const auto bytes = words.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

model::outcome<operation> decode_operation(std::string_view bytes) {
  auto message = frozen_message::from_bytes(std::as_bytes(std::span{bytes}));
  if (!message)
    return broken(message.error().message);
  try {
    const auto words = message->words();
    capnp::FlatArrayMessageReader reader{
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size())};
    const auto root = reader.getRoot<schema::Operation>();
    const version_range versions{root.getOldestReader(), root.getWriterVersion()};
    if (versions.writer == 0)
      return broken("its writer says no version");
    if (!versions.is_readable_by(operation_versions.writer))
      return model::failure{
        model::failure_code::newer_format,
        fmt::format("an operation needs a reader of format {}; this release reads {}",
                    versions.oldest_reader, operation_versions.writer)};
    const auto* s = shape_of(root.getKind());
    if (!s)
      return versions.writer > operation_versions.writer
             ? model::failure{model::failure_code::newer_format,
                              fmt::format("an operation is of kind {}, which a newer release made",
                                          root.getKind())}
             : broken(fmt::format("{} is no kind", root.getKind()));
    operation what;
    what.kind = s->kind;
    what.at = model::from_ms(root.getInstant());
    what.account.assign(root.getAccount().begin(), root.getAccount().size());
    if (!fits(*s, root.getTexts().size()))
      return broken(fmt::format("{} with {} texts", s->name, root.getTexts().size()));
    for (const auto text : root.getTexts())
      what.texts.emplace_back(text.begin(), text.size());
    what.is_so = root.getIsSo();
    const auto batch = root.getBatch();
    if ((s->kind == operation_kind::apply_batch) != (batch.size() != 0))
      return broken(fmt::format("{} with a batch of {} bytes", s->name, batch.size()));
    what.batch.assign(reinterpret_cast<const char*>(batch.begin()), batch.size());
    return what;
  } catch (const kj::Exception& e) {
    return broken(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return broken(e.what());
  }
}

} // namespace messages
