// expect: cannot convert ‘int’ to ‘tram::Sequence’
#include "records.hpp"

bool submit(tram::Producer& producer, tram::RecordView const& record) {
  return producer.submit(record, 17);
}
