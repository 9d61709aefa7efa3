#include "cluster/tunnel_tls.hpp"

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509err.h>

#include <memory>

namespace cluster {

namespace {

namespace ssl = boost::asio::ssl;
using model::failure;
using model::failure_code;

constexpr int verify_depth_max = 4;

failure wrong(std::string_view what, const std::filesystem::path& file, std::string_view why) {
  return {failure_code::invalid_input,
          fmt::format("the {} {} cannot be used: {}", what, file.string(), why)};
}

bool is_mismatch(const boost::system::error_code& failed) {
  return failed.category() == boost::asio::error::get_ssl_category()
      && ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == X509_R_KEY_VALUES_MISMATCH;
}

/// A session that is taken up again is not checked again, so there are none.
void allow_no_sessions(SSL_CTX* of) {
  SSL_CTX_set_session_cache_mode(of, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(of, 0);
  SSL_CTX_set_options(of, SSL_OP_NO_TICKET);
}

/// What peers would say to our certificate, as OpenSSL's number of the error.
int error_of_own_chain(SSL_CTX* context) {
  STACK_OF(X509)* between = nullptr;
  SSL_CTX_get0_chain_certs(context, &between);
  for (const auto* use : {"ssl_server", "ssl_client"}) {
    const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> check{X509_STORE_CTX_new(),
                                                                           X509_STORE_CTX_free};
    if (!check
        || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context),
                               SSL_CTX_get0_certificate(context), between)
             != 1)
      return X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX_set_default(check.get(), use);
    if (X509_verify_cert(check.get()) != 1)
      return X509_STORE_CTX_get_error(check.get());
  }
  return X509_V_OK;
}

} // namespace

model::outcome<tls_identity> load_identity(const certificate_files& files, std::string_view node) {
  auto context = std::make_shared<ssl::context>(ssl::context::tlsv13);
  auto* handle = context->native_handle();
  allow_no_sessions(handle);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS); // Idle connections keep no buffers.
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  context->set_verify_depth(verify_depth_max);
  boost::system::error_code failed;
  context->load_verify_file(files.authority.string(), failed);
  if (failed)
    return wrong("authority", files.authority, failed.message());
  context->use_certificate_chain_file(files.certificate.string(), failed);
  if (failed)
    return wrong("certificate", files.certificate, failed.message());
  // Otherwise OpenSSL would ask for the password at the terminal.
  context->set_password_callback([](std::size_t, auto) { return std::string{}; });
  context->use_private_key_file(files.private_key.string(), ssl::context::pem, failed);
  if (failed)
    return wrong("private key", files.private_key,
                 is_mismatch(failed)
                   ? "it does not belong to the certificate " + files.certificate.string()
                   : failed.message());
  if (const auto error = error_of_own_chain(handle); error != X509_V_OK) {
    ERR_clear_error();
    return wrong("certificate", files.certificate,
                 fmt::format("{}; the authority is {}", X509_verify_cert_error_string(error),
                             files.authority.string()));
  }
  const auto facts = facts_of(*SSL_CTX_get0_certificate(handle));
  if (facts.node != node)
    return wrong("certificate", files.certificate,
                 fmt::format("it is for {}, and this is the node {}",
                             facts.node ? "the node " + *facts.node : "no node", node));
  return tls_identity{std::move(context), facts.valid.until};
}

bool peer_check::operator()(bool is_fine, ssl::verify_context& asked) {
  auto* context = asked.native_handle();
  if (!is_fine) {
    const auto error = X509_STORE_CTX_get_error(context);
    refusal = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID
              ? tunnel_refusal::expired
              : tunnel_refusal::untrusted;
    detail = X509_verify_cert_error_string(error);
    return false;
  }
  if (X509_STORE_CTX_get_error_depth(context) > 0)
    return true;
  const auto found = node_of(*X509_STORE_CTX_get_current_cert(context));
  refusal = found ? judge(*found) : tunnel_refusal::unknown_node;
  if (!refusal) {
    node = *found;
    return true;
  }
  detail = found ? "it is the node " + *found : "its certificate is for no node";
  X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
  return false;
}

tunnel_refusal refusal_of(const boost::system::error_code& failed) {
  if (failed.category() != boost::asio::error::get_ssl_category())
    return tunnel_refusal::not_tls;
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(failed.value()));
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return tunnel_refusal::no_certificate;
  return reason >= SSL_AD_REASON_OFFSET ? tunnel_refusal::refused : tunnel_refusal::not_tls;
}

} // namespace cluster
