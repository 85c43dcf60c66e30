#include "faults.hpp"

namespace tram::kafka {

Blame blame_of(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return Blame::channel;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return Blame::batch;
    default: return Blame::producer;
  }
}

ChannelTrouble trouble_of_channel(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return ChannelTrouble::missing;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return ChannelTrouble::forbidden;
    default: return ChannelTrouble::none;
  }
}

bool is_about_connections(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
         code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

Fault fault_of(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return Fault::broken;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return Fault::rejected;
    default: return Fault::transient;
  }
}

std::string_view remedy_for(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return "; is the broker running, and are host, port and security.protocol right?";
    case RD_KAFKA_RESP_ERR__RESOLVE: return "; correct the host's name or the name service";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return "; correct the properties sasl.mechanism, sasl.username and sasl.password";
    case RD_KAFKA_RESP_ERR__SSL:
      return "; correct the properties security.protocol and ssl.ca.location, or the broker's "
             "certificate";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "; grant this client Write on the topic to publish, Read to subscribe, or remove the "
             "rule that denies it";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "; grant this client Read on the group, or remove the rule that denies it";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "; grant this client Write on its topics (IdempotentWrite on the cluster, before "
             "Kafka "
             "2.8) to publish, Create on the cluster to make topics";
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return "; create the topic";
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return "; choose another name for the channel";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return "; send less, or raise the topic's max.message.bytes";
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return "; give all members of the group the same assignment";
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
      return "; choose a session timeout that the brokers allow";
    default: return {};
  }
}

Error error_of(rd_kafka_resp_err_t code, std::string const& what, std::string_view text) {
  return error_as(fault_of(code), code, what, text);
}

Error error_as(Fault fault, rd_kafka_resp_err_t code, std::string const& what,
               std::string_view text) {
  std::string message = "kafka: " + what + ": ";
  message += text.empty() ? std::string_view{rd_kafka_err2str(code)} : text;
  message.append(" (").append(rd_kafka_err2name(code)).append(")").append(remedy_for(code));
  return Error{fault, message, code};
}

}  // namespace tram::kafka
