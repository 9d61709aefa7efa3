#include "tests/gateway/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace gateway_tests {

namespace {

constexpr long valid_seconds = 3600;

template <class Write>
void write_to(const std::filesystem::path& path, const Write& write) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(path.c_str(), "w"), std::fclose};
  if (!file || write(file.get()) != 1)
    throw std::runtime_error("cannot write " + path.string());
}

} // namespace

void write_certificate(const std::string& name, const std::filesystem::path& certificate,
                       const std::filesystem::path& private_key) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  const std::unique_ptr<X509, void (*)(X509*)> made{X509_new(), X509_free};
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -valid_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_seconds);
  X509_set_pubkey(made.get(), key.get());
  auto* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  if (X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("cannot sign");
  write_to(certificate, [&](FILE* file) { return PEM_write_X509(file, made.get()); });
  write_to(private_key, [&](FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

} // namespace gateway_tests
