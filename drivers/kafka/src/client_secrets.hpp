#pragma once

#include "librdkafka.hpp"
#include "tram/base/secrets.hpp"

namespace tram::kafka {

/// What of a client's configuration no message may show: passwords and keys, and where they are.
Secrets secrets_in(rd_kafka_conf_t const* conf);
Secrets secrets_in(rd_kafka_t const* client);

}  // namespace tram::kafka
