// expect: cannot convert ‘const tram::Position’ to ‘tram::Sequence’
#include "records.hpp"

bool again(tram::Producer& producer, tram::Delivery const& record) {
  return producer.submit({record.source.channel, record.key, record.value}, record.position);
}
