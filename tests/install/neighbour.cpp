#include <rollcall/rollcall.hpp>

#include <cstdio>

namespace {

int complain(const char* step, const model::failure& why) {
  std::fprintf(stderr, "%s: %s\n", step, why.message.c_str());
  return 1;
}

/// One profile, named by its e-mail address, with a first name.
model::change_batch ann() {
  model::change_batch batch;
  batch.names.push_back(batch.add_text("first_name"));
  model::change_record record;
  record.kind = model::change_kind::profile;
  record.who.email = batch.add_text("ann@example.org");
  record.property_count = 1;
  batch.records.push_back(record);
  model::property_entry first_name;
  first_name.kind = model::value_kind::text;
  first_name.text = batch.add_text("Ann");
  batch.properties.push_back(first_name);
  return batch;
}

constexpr auto called_ann = R"({"condition_groups": [{"conditions": [{
  "type": "profile-property", "property": "first_name",
  "filter": {"type": "string", "operator": "equals", "value": "Ann"}}]}]})";

} // namespace

int main() {
  auto opened = rollcall::engine::open({.directory = "store"});
  if (!opened)
    return complain("open", opened.error());
  auto& engine = **opened;
  if (const auto taken = engine.apply(ann()); !taken)
    return complain("apply", taken.error());
  if (const auto made = engine.create("Anns", called_ann); !made)
    return complain("create", made.error());
  if (const auto built = engine.wait_built("Anns"); !built)
    return complain("build", built.error());
  const auto members = engine.count("Anns");
  if (!members)
    return complain("count", members.error());
  std::printf("%llu in Anns\n", static_cast<unsigned long long>(*members));
  return *members == 1 ? 0 : 1;
}
