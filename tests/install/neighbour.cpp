#include <rollcall/batch_builder.hpp>
#include <rollcall/rollcall.hpp>

#include <cstdio>

namespace {

int complain(const char* step, const model::failure& why) {
  std::fprintf(stderr, "%s: %s\n", step, why.message.c_str());
  return 1;
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
  rollcall::batch_builder batch;
  batch.profile({"ann", "ann@example.org"}).set("first_name", "Ann");
  if (const auto taken = engine.apply(batch.take()); !taken)
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
