#pragma once

#include "actors/partition.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A partition that does nothing and writes down what it is asked, for tests of who owns it.
class fake_partition : public actors::partition {
public:
  /// What the test sets and sees; outlives the partition.
  struct script {
    std::vector<std::string> calls;
    std::optional<model::failure> fails; // Every write, while it is set.
    std::size_t tick_slices = 0;         // How many slices the next tick needs.
    std::size_t build_slices = 0;
    std::size_t merge_slices = 0;
    std::uint64_t previews = 0; // That were begun and not handed over.
    std::size_t preview_slices = 0;
    std::vector<actors::listing_question> listings; // That were ever begun.
    std::size_t listing_slices = 0;
    std::vector<model::flip> flips; // Of the next commit.
    std::optional<model::instant> next_due;
    std::uint64_t last_of_source = 0;
  };
  explicit fake_partition(std::shared_ptr<script> s) : script_(std::move(s)) {
  }

  model::outcome<actors::commit_result> commit(std::span<const actors::incoming_batch> batches,
                                               model::instant) override {
    script_->calls.push_back("commit " + std::to_string(batches.size()));
    if (script_->fails)
      return *script_->fails;
    actors::commit_result r;
    r.sequence = ++sequence_;
    r.notes.resize(batches.size());
    r.flips = std::exchange(script_->flips, {});
    return r;
  }
  model::outcome<tick_result> advance(model::instant, std::size_t) override {
    script_->calls.emplace_back("tick");
    if (script_->fails)
      return *script_->fails;
    if (script_->tick_slices > 0)
      --script_->tick_slices;
    return tick_result{script_->tick_slices == 0, {}};
  }
  [[nodiscard]] std::optional<model::instant> next_due() const override {
    return script_->next_due;
  }
  model::status define(std::span<const actors::new_definition> all, model::instant) override {
    std::string call = "define";
    for (const auto& d : all)
      call += " " + std::to_string(d.segment);
    script_->calls.push_back(std::move(call));
    if (script_->fails)
      return *script_->fails;
    return model::nothing{};
  }
  model::status drop(std::uint64_t, model::instant) override {
    return model::nothing{};
  }
  model::status cancel_build(std::uint64_t, model::instant) override {
    return model::nothing{};
  }
  model::outcome<build_result> build_slice(model::instant, std::chrono::microseconds) override {
    script_->calls.emplace_back("build");
    if (script_->fails)
      return *script_->fails;
    if (script_->build_slices > 0)
      --script_->build_slices;
    build_result r;
    r.done = script_->build_slices == 0;
    if (r.done)
      r.switched.push_back(7);
    return r;
  }
  std::uint64_t begin_survey(const metrics::fold_order&) override {
    return ++reports_;
  }
  std::uint64_t begin_fold(const metrics::fold_order&, std::vector<metrics::fold_object>) override {
    return ++reports_;
  }
  report_result report_slice(std::chrono::microseconds) override {
    report_result r;
    for (; reports_told_ < reports_; ++reports_told_)
      r.found.push_back({reports_told_ + 1, {}, {}, sequence_});
    return r;
  }
  std::uint64_t begin_listing(actors::listing_question asked) override {
    script_->calls.emplace_back("begin listing");
    script_->listings.push_back(std::move(asked));
    return script_->listings.size();
  }
  /// Answers profiles with one line, events with one key, and properties with one name.
  listing_result listing_slice(std::chrono::microseconds) override {
    script_->calls.emplace_back("listing");
    if (script_->listing_slices > 0)
      --script_->listing_slices;
    listing_result r;
    r.done = script_->listing_slices == 0;
    for (; r.done && listings_told_ < script_->listings.size(); ++listings_told_)
      r.found.push_back({listings_told_ + 1, answer_to(script_->listings[listings_told_])});
    return r;
  }
  [[nodiscard]] std::optional<actors::event_content>
  event(const actors::event_key& key) const override {
    if (key.metric == 0)
      return std::nullopt;
    return actors::event_content{"Placed Order", 1.0, "e" + std::to_string(key.time), "{}"};
  }
  [[nodiscard]] std::vector<actors::segment_status> segments() const override {
    return {{7, 3, 0, 1, 12}};
  }
  [[nodiscard]] std::uint64_t count(std::uint64_t) const override {
    return 1;
  }
  [[nodiscard]] std::vector<actors::member> members(std::uint64_t, std::optional<std::uint32_t>,
                                                    std::size_t) const override {
    return {};
  }
  [[nodiscard]] std::vector<std::optional<model::instant>>
  joined_at(std::uint64_t, const std::vector<std::uint32_t>& profiles) const override {
    return std::vector<std::optional<model::instant>>(profiles.size());
  }
  [[nodiscard]] std::vector<model::flip> feed(std::uint64_t, std::uint64_t,
                                              std::size_t) const override {
    return {};
  }
  model::outcome<std::uint64_t> begin_preview(std::string_view, model::instant) override {
    script_->calls.emplace_back("begin preview");
    return std::uint64_t{++script_->previews};
  }
  model::outcome<std::uint64_t> begin_comparison(std::span<const question> questions,
                                                 std::size_t) override {
    script_->calls.push_back("begin comparison " + std::to_string(questions.size()));
    return std::uint64_t{++script_->previews};
  }
  preview_result preview_slice(std::chrono::microseconds) override {
    script_->calls.emplace_back("preview");
    if (script_->preview_slices > 0)
      --script_->preview_slices;
    preview_result r;
    r.done = script_->preview_slices == 0;
    if (r.done)
      for (; script_->previews > 0; --script_->previews)
        r.found.push_back({script_->previews, {3, 5}});
    return r;
  }
  [[nodiscard]] model::outcome<actors::json_text> explain(std::uint64_t,
                                                          std::uint32_t) const override {
    return model::failure{model::failure_code::not_found, "nothing to explain"};
  }
  [[nodiscard]] model::outcome<actors::json_text> profile_json(std::uint32_t, bool) const override {
    return std::string{"{}"};
  }
  [[nodiscard]] std::string label(std::uint32_t profile) const override {
    return "u" + std::to_string(profile);
  }
  [[nodiscard]] std::vector<actors::metric_figures> metrics() const override {
    return {};
  }
  void identifiers(const std::function<void(std::uint32_t, std::string_view, std::string_view,
                                            std::string_view)>& each) const override {
    each(0, "u0", "", "+1555");
  }
  [[nodiscard]] model::outcome<model::change_batch> export_profile(std::uint32_t,
                                                                   std::uint32_t) const override {
    return model::change_batch{};
  }
  [[nodiscard]] actors::partition_figures figures() const override {
    actors::partition_figures f;
    f.profile_numbers = 1;
    return f;
  }
  [[nodiscard]] std::uint64_t last_of(std::string_view) const override {
    return script_->last_of_source;
  }
  [[nodiscard]] bool wants_merge(bool) const override {
    return script_->merge_slices != 0;
  }
  model::outcome<bool> merge_slice(std::chrono::microseconds) override {
    script_->calls.emplace_back("merge");
    if (script_->merge_slices > 0)
      --script_->merge_slices;
    return script_->merge_slices == 0;
  }
  [[nodiscard]] std::vector<std::string> check(std::uint32_t) const override {
    return {};
  }

private:
  static actors::listing_answer answer_to(const actors::listing_question& asked) {
    if (std::holds_alternative<actors::profile_question>(asked)) {
      actors::profile_line line;
      line.place = {0, 7};
      return actors::profile_lines{{line}};
    }
    if (std::holds_alternative<actors::event_question>(asked))
      return actors::event_keys{{actors::event_key{5, {0, 7}, 1, 2}}};
    return actors::property_samples{{{"size", {}, 0, {}}}};
  }

  std::shared_ptr<script> script_;
  std::size_t listings_told_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t reports_ = 0;
  std::uint64_t reports_told_ = 0;
};
