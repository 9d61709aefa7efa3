#pragma once

#include "node/command_line.hpp"

/// One function for each family of commands.
namespace node {

void add_load_command(command_line& line);
void add_metrics_command(command_line& line);
void add_object_commands(command_line& line);
void add_segment_commands(command_line& line);
void add_profile_commands(command_line& line);
void add_advance_command(command_line& line);
void add_run_command(command_line& line);
void add_check_command(command_line& line);
void add_inspect_command(command_line& line);
void add_report_commands(command_line& line);
void add_dictionary_commands(command_line& line);
void add_demo_command(command_line& line);
void add_serve_commands(command_line& line);
void add_key_commands(command_line& line);
void add_account_commands(command_line& line);
void add_cluster_commands(command_line& line);
void add_backup_commands(command_line& line);

} // namespace node
