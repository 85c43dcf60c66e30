#pragma once

#include "librdkafka.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {

/// An error that asks for a right, with the user to whom it is to be granted, where the client has
/// a user's name. Others stay as they are.
Error with_principal(Error error, rd_kafka_t const* client);

}  // namespace tram::kafka
