// expect: cannot convert ‘int’ to ‘tram::Position’
#include "records.hpp"

void acknowledge(tram::Consumer& consumer) { consumer.acknowledge({"orders", 0}, 17); }
