#include "node/commands.hpp"

int main(int argc, char** argv) {
  node::command_line line;
  node::add_load_command(line);
  node::add_metrics_command(line);
  node::add_object_commands(line);
  node::add_segment_commands(line);
  node::add_profile_commands(line);
  node::add_advance_command(line);
  node::add_run_command(line);
  node::add_check_command(line);
  node::add_inspect_command(line);
  node::add_report_commands(line);
  node::add_dictionary_commands(line);
  node::add_demo_command(line);
  node::add_serve_commands(line);
  node::add_key_commands(line);
  node::add_account_commands(line);
  node::add_cluster_commands(line);
  node::add_backup_commands(line);
  return line.run(argc, argv);
}
