#pragma once

#include "model/outcome.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>

// Inside the folder only.
namespace gateway {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// What a server needs for TLS 1.2 and 1.3, from two PEM files. Fails when one cannot be read, or
/// they do not belong together.
model::outcome<tls_context> make_tls_context(const std::filesystem::path& certificate,
                                             const std::filesystem::path& private_key);

} // namespace gateway
