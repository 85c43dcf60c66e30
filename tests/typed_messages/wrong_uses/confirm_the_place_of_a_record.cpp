// expect: cannot convert ‘const tram::Position’ to ‘tram::LogPosition’
#include "records.hpp"

void confirm(tram::ChangeSource& source, tram::Delivery const& record) {
  source.confirm(record.position);
}
