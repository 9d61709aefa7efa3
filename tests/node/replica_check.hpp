#pragma once

#include "tests/node/chaos_traffic.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace node_tests {

/// What a node's replica of the default account holds, read without the cluster.
struct told_replica {
  std::string metrics;
  std::string segments;
  std::map<std::string, std::string> members; // Of each segment of the traffic.
  std::map<std::string, std::string> feeds;
  std::map<std::string, std::string> levels; // Profiles whose level rises.
};

/// Reads it, and holds it against itself: it is sound by `check`, which evaluates everybody anew;
/// no feed has a gap, and each leads to the members that are told. What is wrong goes to `wrong`.
told_replica read_replica(const std::filesystem::path& data, const chaos_account& sent,
                          std::vector<std::string>& wrong);

/// Every acknowledged change is there once, and nothing that nobody sent.
void hold_against(const chaos_account& sent, const told_replica& is,
                  std::vector<std::string>& wrong);

/// Where two replicas tell something else.
void compare(const told_replica& one, const told_replica& other, std::vector<std::string>& wrong);

} // namespace node_tests
