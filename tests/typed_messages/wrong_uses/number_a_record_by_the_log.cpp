// expect: cannot convert ‘const tram::LogPosition’ to ‘tram::Sequence’
#include "records.hpp"

bool publish(tram::Producer& producer, tram::RecordView const& record,
             tram::LogPosition const& position) {
  return producer.submit(record, position);
}
