#pragma once

#include <filesystem>
#include <string>

namespace gateway_tests {

/// Makes a key and a certificate of its own for "CN=<name>" and writes both as PEM.
void write_certificate(const std::string& name, const std::filesystem::path& certificate,
                       const std::filesystem::path& private_key);

} // namespace gateway_tests
