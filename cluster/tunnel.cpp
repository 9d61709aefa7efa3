#include "cluster/tunnel.hpp"

namespace cluster {

std::string_view name_of(tunnel_refusal why) {
  switch (why) {
  case tunnel_refusal::late:
    return "late";
  case tunnel_refusal::displaced:
    return "displaced";
  case tunnel_refusal::not_tls:
    return "not_tls";
  case tunnel_refusal::no_certificate:
    return "no_certificate";
  case tunnel_refusal::untrusted:
    return "untrusted";
  case tunnel_refusal::expired:
    return "expired";
  case tunnel_refusal::unknown_node:
    return "unknown_node";
  case tunnel_refusal::wrong_node:
    return "wrong_node";
  case tunnel_refusal::malformed:
    return "malformed";
  case tunnel_refusal::unknown_service:
    return "unknown_service";
  case tunnel_refusal::service_down:
    return "service_down";
  case tunnel_refusal::too_many:
    return "too_many";
  case tunnel_refusal::unreachable:
    return "unreachable";
  case tunnel_refusal::refused:
    return "refused";
  case tunnel_refusal::idle:
    return "idle";
  case tunnel_refusal::cut_off:
    return "cut_off";
  case tunnel_refusal::stopping:
    return "stopping";
  }
  return "unknown";
}

} // namespace cluster
