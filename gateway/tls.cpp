#include "gateway/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <string_view>

namespace gateway {

namespace {

namespace ssl = boost::asio::ssl;

/// Of the protocols that a client offers we take HTTP/1.1; one that offers others only goes on
/// without.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size)
      != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

model::failure wrong(std::string_view what, const std::filesystem::path& file,
                     const boost::system::error_code& why) {
  return {model::failure_code::invalid_input,
          fmt::format("the {} {} cannot be used: {}", what, file.string(), why.message())};
}

} // namespace

model::outcome<tls_context> make_tls_context(const std::filesystem::path& certificate,
                                             const std::filesystem::path& private_key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2
                       | ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1
                       | ssl::context::single_dh_use);
  auto* handle = context->native_handle();
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS); // Idle connections keep no buffers.
  SSL_CTX_set_alpn_select_cb(handle, choose_protocol, nullptr);
  boost::system::error_code failed;
  context->use_certificate_chain_file(certificate.string(), failed);
  if (failed)
    return wrong("certificate", certificate, failed);
  context->use_private_key_file(private_key.string(), ssl::context::pem, failed);
  if (failed)
    return wrong("private key", private_key, failed);
  if (SSL_CTX_check_private_key(handle) != 1)
    return model::failure{model::failure_code::invalid_input,
                          fmt::format("the private key {} does not belong to the certificate {}",
                                      private_key.string(), certificate.string())};
  return context;
}

} // namespace gateway
