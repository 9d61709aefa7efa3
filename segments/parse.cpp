#include "segments/parse.hpp"

#include "segments/canonical.hpp"
#include "segments/parse_condition.hpp"
#include "segments/place.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace segments {

namespace {

/// A piece of the tree and how much of the bounds it takes.
struct measured_expression {
  expression tree;
  std::size_t nodes = 1;
  std::size_t depth = 1; // Boolean levels below and including this one.
};

constexpr std::string_view valid_segment = "a segment with a valid definition; in ";

using parsed_expression = std::optional<measured_expression>;

/// Reads one definition and the segments that it refers to.
class tree_reader {
public:
  explicit tree_reader(const parse_context& account) : account_(account) {
    if (!account.self_id.empty() || !account.self_name.empty())
      open_segments_.push_back({account.self_id, account.self_name});
  }

  parse_result read(std::string_view json) {
    std::vector<definition_error> errors;
    if (auto tree = read_document(json, "", 0, errors); tree && errors.empty()) {
      definition_.root = std::move(tree->tree);
      definition_.references = std::move(references_);
      return {std::move(definition_), {}};
    }
    return {std::nullopt, std::move(errors)};
  }

private:
  struct open_segment {
    std::string id;
    std::string name;
    [[nodiscard]] const std::string& shown() const {
      return name.empty() ? id : name;
    }
  };

  /// A segment that was read once.
  struct folded_segment {
    parsed_expression tree;
    std::string origin;
    std::string mistake; // Why there is no tree.
  };

  /// `origin` is what pointers of this document's conditions begin with: "" or where the segment is
  /// referred to.
  parsed_expression read_document(std::string_view json, const std::string& origin,
                                  std::size_t depth, std::vector<definition_error>& errors) {
    const auto document = read_json(json, errors);
    if (!document)
      return std::nullopt;
    const auto outer = std::exchange(origin_, origin);
    auto tree = read_expression({&*document, "", errors}, depth);
    origin_ = outer;
    return tree;
  }

  parsed_expression read_expression(const place& at, std::size_t depth) {
    static constexpr std::array<std::string_view, 6> forms{"condition_groups", "all_of",  "any_of",
                                                           "none_of",          "segment", "type"};
    if (!at.must_be_object("a condition with \"type\", or one of "
                           + listed(std::span{forms}.first(5))))
      return std::nullopt;
    if (depth > expression_depth_max) {
      at.refuse("at most " + std::to_string(expression_depth_max) + " levels");
      return std::nullopt;
    }
    const auto form = std::find_if(forms.begin(), forms.end(),
                                   [&](auto name) { return at.member(name).is_there(); });
    if (form == forms.end()) {
      refuse_formless(at, forms);
      return std::nullopt;
    }
    if (*form == "type")
      return read_condition(at);
    at.must_have_only({*form});
    const auto inner = at.member(*form);
    if (*form == "segment")
      return read_reference(inner, depth);
    if (*form == "condition_groups")
      return read_groups(inner, depth);
    const auto kind = *form == "all_of" ? boolean_kind::all_of
                    : *form == "any_of" ? boolean_kind::any_of
                                        : boolean_kind::none_of;
    return read_children(inner, kind, at.pointer(), depth);
  }

  static void refuse_formless(const place& at, std::span<const std::string_view> forms) {
    const auto& members = at.value().members;
    at.refuse("an object with one of "
              + listed(forms, members.size() == 1 ? members.front().key : std::string_view{}));
  }

  parsed_expression read_condition(const place& at) {
    const auto before = at.errors().size();
    auto parsed = parse_condition(at, account_);
    if (!take_nodes(1, at) || !parsed || at.errors().size() != before)
      return std::nullopt;
    measured_expression out;
    out.tree.leaf = index_of(normalised(std::move(*parsed)));
    out.tree.pointer = origin_ + at.pointer();
    return out;
  }

  /// The criterion's place in the definition; a new one when no equal one is there.
  std::uint32_t index_of(criterion c) {
    const auto id = id_of(c);
    const auto [known, is_new] = indexes_.try_emplace(
      id, static_cast<std::uint32_t>(definition_.criteria.size()));
    if (is_new) {
      definition_.criteria.push_back(std::move(c));
      definition_.ids.push_back(id);
    }
    return known->second;
  }

  parsed_expression read_children(const place& list, boolean_kind kind, const std::string& pointer,
                                  std::size_t depth) {
    if (!list.must_be_filled_array("condition"))
      return std::nullopt;
    std::vector<parsed_expression> children;
    for (std::size_t i = 0; i < list.items() && !is_full_; ++i)
      children.push_back(read_expression(list.item(i), depth + 1));
    return joined(kind, pointer, std::move(children), list);
  }

  /// Klaviyo's form: groups that must all hold, in each of which one condition must.
  parsed_expression read_groups(const place& groups, std::size_t depth) {
    if (!groups.must_be_filled_array("group with \"conditions\""))
      return std::nullopt;
    std::vector<parsed_expression> children;
    for (std::size_t i = 0; i < groups.items() && !is_full_; ++i) {
      const auto group = groups.item(i);
      children.emplace_back();
      if (!group.must_be_object("with \"conditions\""))
        continue;
      group.must_have_only({"conditions"});
      children.back() = read_children(group.member("conditions"), boolean_kind::any_of,
                                      group.pointer(), depth + 1);
    }
    return joined(boolean_kind::all_of, groups.pointer(), std::move(children), groups);
  }

  /// One node over its children. A lone child of all_of and any_of stands for itself.
  parsed_expression joined(boolean_kind kind, const std::string& pointer,
                           std::vector<parsed_expression> children, const place& at) {
    if (!take_nodes(1, at))
      return std::nullopt;
    for (const auto& child : children)
      if (!child)
        return std::nullopt;
    if (children.size() == 1 && kind != boolean_kind::none_of)
      return std::move(children.front());
    measured_expression out;
    out.tree.kind = kind;
    out.tree.pointer = origin_ + pointer;
    for (auto& child : children) {
      out.nodes += child->nodes;
      out.depth = std::max(out.depth, child->depth + 1);
      out.tree.children.push_back(std::move(child->tree));
    }
    return out;
  }

  // --- segments in segments
  // ---------------------------------------------------------------------------------------

  parsed_expression read_reference(const place& at, std::size_t depth) {
    const auto written = at.text("id or name of a segment");
    if (!written)
      return std::nullopt;
    // The segment that is being defined need not be known yet.
    if (const auto open = find_open(*written, *written); open != open_segments_.end()) {
      refuse_cycle(at, open);
      return std::nullopt;
    }
    auto found = account_.segment ? account_.segment(*written) : std::nullopt;
    if (!found) {
      at.refuse("id or name of a segment that exists");
      return std::nullopt;
    }
    if (const auto open = find_open(found->id, found->name); open != open_segments_.end()) {
      refuse_cycle(at, open);
      return std::nullopt;
    }
    note_reference(found->id);
    const auto known = read_segments_.find(found->id);
    if (known == read_segments_.end())
      return read_segment(at, *found, depth);
    return copy_of(known->second, at, depth);
  }

  parsed_expression read_segment(const place& at, const parse_context::referred& found,
                                 std::size_t depth) {
    std::vector<definition_error> errors;
    auto origin = origin_ + at.pointer();
    open_segments_.push_back({found.id, found.name});
    auto tree = read_document(found.json, origin, depth + 1, errors);
    const auto name = open_segments_.back().shown();
    open_segments_.pop_back();
    std::string mistake;
    if (!errors.empty()) {
      // The innermost segment is the one to mend.
      const auto& first = errors.front();
      mistake = first.allowed.starts_with(valid_segment)
                ? first.allowed
                : std::string{valid_segment} + shortened(name) + ", " + describe({first});
      at.refuse(mistake);
      tree.reset();
    }
    read_segments_[found.id] = {tree, std::move(origin), std::move(mistake)};
    return tree;
  }

  /// A segment that was already folded in elsewhere.
  parsed_expression copy_of(const folded_segment& known, const place& at, std::size_t depth) {
    if (!known.tree) {
      at.refuse(known.mistake);
      return std::nullopt;
    }
    if (depth + known.tree->depth > expression_depth_max) {
      at.refuse("at most " + std::to_string(expression_depth_max) + " levels");
      return std::nullopt;
    }
    if (!take_nodes(known.tree->nodes, at))
      return std::nullopt;
    auto copy = known.tree;
    move_pointers(copy->tree, known.origin, origin_ + at.pointer());
    return copy;
  }

  static void move_pointers(expression& tree, const std::string& from, const std::string& to) {
    tree.pointer.replace(0, from.size(), to);
    for (auto& child : tree.children)
      move_pointers(child, from, to);
  }

  using open_iterator = std::vector<open_segment>::const_iterator;

  [[nodiscard]] open_iterator find_open(const std::string& id, const std::string& name) const {
    return std::find_if(open_segments_.begin(), open_segments_.end(), [&](const auto& open) {
      return (!open.id.empty() && open.id == id) || (!open.name.empty() && open.name == name);
    });
  }

  void refuse_cycle(const place& at, open_iterator first) const {
    std::string path;
    for (auto open = first; open != open_segments_.end(); ++open)
      path += open->shown() + " -> ";
    at.refuse("a segment that does not lead back to itself, as " + path + first->shown() + " does");
  }

  void note_reference(const std::string& id) {
    const auto where = std::lower_bound(references_.begin(), references_.end(), id);
    if (where == references_.end() || *where != id)
      references_.insert(where, id);
  }

  /// False, once with a mistake noted, when the definition grows too large.
  bool take_nodes(std::size_t count, const place& at) {
    nodes_ += count;
    if (nodes_ <= expression_nodes_max)
      return true;
    if (!is_full_)
      at.refuse("at most " + std::to_string(expression_nodes_max)
                + " conditions and groups in all, those of segments in segments included");
    is_full_ = true;
    return false;
  }

  const parse_context& account_;
  definition definition_;
  std::map<criterion_id, std::uint32_t> indexes_;
  std::vector<std::string> references_; // Sorted.
  std::vector<open_segment> open_segments_;
  std::map<std::string, folded_segment> read_segments_; // By id.
  std::string origin_;
  std::size_t nodes_ = 0;
  bool is_full_ = false;
};

} // namespace

parse_result parse_definition(std::string_view json, const parse_context& context) {
  return tree_reader{context}.read(json);
}

std::string describe(const std::vector<definition_error>& errors) {
  std::string lines;
  for (const auto& error : errors) {
    lines += lines.empty() ? "" : "\n";
    lines += error.pointer.empty() ? "the whole document" : error.pointer;
    lines += ": found " + error.found + "; allowed: " + error.allowed;
  }
  return lines;
}

} // namespace segments
