// expect: cannot convert ‘const tram::Position’ to ‘int64_t’
#include "records.hpp"

std::int64_t kept(tram::Delivery const& record) { return record.position; }
