#include "cluster/certificates.hpp"

#include "cluster/record.hpp"
#include "cluster/tunnel_tls.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <new>
#include <unistd.h>
#include <vector>

namespace cluster {

namespace {

namespace fs = std::filesystem;
using model::failure;
using model::failure_code;

template <class T, void (*Free)(T*)>
struct releaser {
  void operator()(T* it) const {
    Free(it);
  }
};
template <class T, void (*Free)(T*)>
using held = std::unique_ptr<T, releaser<T, Free>>;
void release_bytes(BIO* it) {
  BIO_free(it);
}
using held_key = held<EVP_PKEY, EVP_PKEY_free>;
using held_certificate = held<X509, X509_free>;
using held_bytes = held<BIO, release_bytes>;
using held_names = held<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr int serial_bits = 127; // Positive, and too many to meet one twice.
constexpr std::size_t host_name_bytes_max = 253;

constexpr std::string_view authority_file = "authority.pem";
constexpr std::string_view authority_key_file = "authority.key";

/// None of this fails but for want of memory.
template <class T>
T must(T made) {
  if (!made)
    throw std::bad_alloc{};
  return made;
}

failure cannot(std::string_view deed, const fs::path& file, std::string_view why,
               failure_code code = failure_code::invalid_input) {
  return {code, fmt::format("cannot {} {}: {}", deed, file.string(), why)};
}

std::string openssl_reason() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "no reason was given";
}

// --- files

class descriptor {
public:
  explicit descriptor(int number) : number_(number) {
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  [[nodiscard]] int number() const {
    return number_;
  }

private:
  int number_;
};

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(to, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return true;
}

/// All of it or nothing: whoever reads meanwhile finds the old file or the new one.
model::status write_file(const fs::path& file, std::string_view bytes, mode_t mode) {
  auto beside = file;
  beside += ".new";
  const auto failed = [&] {
    const std::string why = std::strerror(errno);
    ::unlink(beside.c_str());
    return cannot("write", file, why);
  };
  ::unlink(beside.c_str()); // Left by somebody who was interrupted, with whatever rights.
  const descriptor out{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (out.number() < 0 || ::fchmod(out.number(), mode) != 0 || !write_all(out.number(), bytes)
      || ::fsync(out.number()) != 0 || ::rename(beside.c_str(), file.c_str()) != 0)
    return failed();
  return model::nothing{};
}

template <class Write>
std::string as_pem(const Write& write) {
  const held_bytes to{must(BIO_new(BIO_s_mem()))};
  must(write(to.get()) == 1);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(to.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

model::status write_key(const fs::path& file, EVP_PKEY* key) {
  return write_file(file, as_pem([&](BIO* to) {
                      return PEM_write_bio_PKCS8PrivateKey(to, key, nullptr, nullptr, 0, nullptr,
                                                           nullptr);
                    }),
                    S_IRUSR | S_IWUSR);
}

model::status write_certificate(const fs::path& file, X509* certificate) {
  return write_file(file, as_pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate); }),
                    S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
}

/// Never asks at the terminal for the password of a key that has one.
int no_password(char*, int, int, void*) {
  return -1;
}

model::outcome<held_certificate> read_x509(const fs::path& file) {
  const held_bytes from{BIO_new_file(file.c_str(), "r")};
  held_certificate read{from ? PEM_read_bio_X509(from.get(), nullptr, no_password, nullptr)
                             : nullptr};
  if (!read)
    return cannot("read the certificate", file, openssl_reason());
  return read;
}

model::outcome<held_key> read_key(const fs::path& file) {
  const held_bytes from{BIO_new_file(file.c_str(), "r")};
  held_key read{from ? PEM_read_bio_PrivateKey(from.get(), nullptr, no_password, nullptr)
                     : nullptr};
  if (!read)
    return cannot("read the private key", file, openssl_reason());
  return read;
}

// --- certificates

void set_serial(X509* of) {
  const held<BIGNUM, BN_free> number{must(BN_new())};
  must(BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(of)));
}

void set_common_name(X509* of, std::string_view name) {
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(of), "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(name.data()),
                                  static_cast<int>(name.size()), -1, 0)
       == 1);
}

void add_extension(X509* to, X509* issuer, int which, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const held<X509_EXTENSION, X509_EXTENSION_free> made{
    must(X509V3_EXT_conf_nid(nullptr, &context, which, value))};
  must(X509_add_ext(to, made.get(), -1) == 1);
}

/// Without extensions, issuer and signature.
held_certificate begin_certificate(EVP_PKEY* key, std::string_view name,
                                   const certificate_validity& valid) {
  using std::chrono::system_clock;
  held_certificate made{must(X509_new())};
  must(X509_set_version(made.get(), X509_VERSION_3) == 1);
  set_serial(made.get());
  must(ASN1_TIME_set(X509_getm_notBefore(made.get()), system_clock::to_time_t(valid.from)));
  must(ASN1_TIME_set(X509_getm_notAfter(made.get()), system_clock::to_time_t(valid.until)));
  must(X509_set_pubkey(made.get(), key) == 1);
  set_common_name(made.get(), name);
  return made;
}

held_key new_key() {
  return held_key{must(EVP_EC_gen("P-256"))};
}

// --- names

using held_octets = held<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

held_octets as_address(const std::string& host) {
  held_octets address{a2i_IPADDRESS(host.c_str())};
  ERR_clear_error();
  return address;
}

bool is_host_name(std::string_view text) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
        || c == '.';
  };
  return !text.empty() && text.size() <= host_name_bytes_max && std::ranges::all_of(text, is_fine)
      && !text.starts_with('.') && !text.starts_with('-');
}

void add_name(GENERAL_NAMES* to, int type, ASN1_STRING* value) {
  auto* name = must(GENERAL_NAME_new());
  GENERAL_NAME_set0_value(name, type, value);
  must(sk_GENERAL_NAME_push(to, name) > 0);
}

void add_text(GENERAL_NAMES* to, int type, std::string_view text) {
  auto* value = must(ASN1_IA5STRING_new());
  must(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
  add_name(to, type, value);
}

/// Made part by part, since the textual form gives commas in a host a meaning.
void add_alternative_names(X509* to, std::string_view node, std::span<const std::string> hosts) {
  const held_names names{must(GENERAL_NAMES_new())};
  add_text(names.get(), GEN_URI, node_uri(node));
  for (const auto& host : hosts)
    if (auto address = as_address(host))
      add_name(names.get(), GEN_IPADD, address.release());
    else
      add_text(names.get(), GEN_DNS, host);
  must(X509_add1_ext_i2d(to, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1);
}

std::chrono::sys_seconds instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1)
    return {};
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

model::status check_names(std::string_view node, std::span<const std::string> hosts) {
  if (!is_node_name(node) || node == "authority")
    return failure{failure_code::invalid_input,
                   fmt::format("\"{}\" cannot be the name of a node: letters, digits, and . - _ "
                               "inside, {} at most, and not \"authority\"",
                               node, node_name_bytes_max)};
  for (const auto& host : hosts)
    if (!as_address(host) && !is_host_name(host))
      return failure{failure_code::invalid_input,
                     fmt::format("\"{}\" is neither a host's name nor an address", host)};
  return model::nothing{};
}

} // namespace

certificate_validity certificate_validity::of(std::chrono::days days) {
  using namespace std::chrono;
  const auto now = floor<seconds>(system_clock::now());
  return {now - hours{1}, now + days};
}

model::status make_authority(const fs::path& directory, const certificate_validity& valid) {
  const auto certificate_path = directory / authority_file;
  const auto key_path = directory / authority_key_file;
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed)
    return cannot("make the directory", directory, failed.message());
  for (const auto& path : {certificate_path, key_path})
    if (fs::exists(path, failed))
      return failure{failure_code::conflict,
                     fmt::format("{} is there already: with another authority, no certificate of "
                                 "this one would be believed any more",
                                 path.string())};
  const auto key = new_key();
  const auto made = begin_certificate(key.get(), "Rollcall cluster authority", valid);
  auto* x = made.get();
  must(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
  add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x, x, NID_subject_key_identifier, "hash");
  must(X509_sign(x, key.get(), EVP_sha256()) > 0);
  if (auto written = write_key(key_path, key.get()); !written)
    return written;
  return write_certificate(certificate_path, x);
}

model::status make_node_certificate(const fs::path& directory, std::string_view node,
                                    std::span<const std::string> hosts,
                                    const certificate_validity& valid) {
  if (auto fine = check_names(node, hosts); !fine)
    return fine;
  const auto authority = read_x509(directory / authority_file);
  if (!authority)
    return authority.error();
  const auto authority_key = read_key(directory / authority_key_file);
  if (!authority_key)
    return authority_key.error();
  auto* issuer = authority->get();
  if (X509_check_private_key(issuer, authority_key->get()) != 1) {
    ERR_clear_error();
    return cannot("sign with", directory / authority_key_file,
                  fmt::format("it does not belong to {}", authority_file));
  }
  const auto key = new_key();
  const auto made = begin_certificate(key.get(), node, valid);
  auto* x = made.get();
  must(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
  add_extension(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(x, issuer, NID_subject_key_identifier, "hash");
  add_extension(x, issuer, NID_authority_key_identifier, "keyid");
  add_alternative_names(x, node, hosts);
  must(X509_sign(x, authority_key->get(), EVP_sha256()) > 0);
  const auto files = files_of(directory, node);
  if (auto written = write_key(files.private_key, key.get()); !written)
    return written;
  return write_certificate(files.certificate, x);
}

certificate_files files_of(const fs::path& directory, std::string_view node) {
  return {.authority = directory / authority_file,
          .certificate = directory / fmt::format("{}.pem", node),
          .private_key = directory / fmt::format("{}.key", node)};
}

model::outcome<certificate_facts> read_certificate(const fs::path& file) {
  const auto read = read_x509(file);
  if (!read)
    return read.error();
  return facts_of(*read->get());
}

// --- inside of the folder (tunnel_tls.hpp)

std::string node_uri(std::string_view node) {
  return fmt::format("{}{}", node_uri_start, node);
}

std::optional<std::string> node_of(X509& certificate) {
  const held_names names{static_cast<GENERAL_NAMES*>(
    X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::optional<std::string> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI)
      continue;
    const auto* value = name->d.uniformResourceIdentifier;
    const std::string_view text{reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                static_cast<std::size_t>(ASN1_STRING_length(value))};
    if (!text.starts_with(node_uri_start))
      continue;
    const auto node = text.substr(node_uri_start.size());
    if (found || !is_node_name(node))
      return std::nullopt;
    found = node;
  }
  return found;
}

certificate_facts facts_of(X509& certificate) {
  return {.node = node_of(certificate),
          .valid = {instant_of(X509_get0_notBefore(&certificate)),
                    instant_of(X509_get0_notAfter(&certificate))}};
}

} // namespace cluster
