#pragma once

#include "tram/base/random.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

/// The longest pause after `failures` runs in a row that found something away while no other
/// message got on: first as after any failure, later as long as an open breaker's.
Duration pause_alone(SubscriptionOptions const& options, int failures);

/// Between half of the pause and all of it, so that many do not return in one moment.
Duration jittered(Duration pause, Random& random);

}  // namespace tram
