// expect: no match for ‘operator+’
#include "records.hpp"

void acknowledge(tram::Consumer& consumer, tram::Delivery const& record) {
  consumer.acknowledge(record.source, record.position + 1);
}
