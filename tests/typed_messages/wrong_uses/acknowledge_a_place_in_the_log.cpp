// expect: cannot convert ‘const tram::LogPosition’ to ‘tram::Position’
#include "records.hpp"

void acknowledge(tram::Consumer& consumer, tram::LogPosition const& position) {
  consumer.acknowledge({"orders", 0}, position);
}
