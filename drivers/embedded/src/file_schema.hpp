#pragma once

#include <cstdint>

#include "file_connection.hpp"
#include "tram/broker/record.hpp"

namespace tram::embedded {

/// Makes the tables in a new file, and checks those of an old one. Touches nothing else's file.
/// Faults: rejected (somebody else's file, made by a newer release), and those of the connection.
void prepare_file(FileConnection& connection);
/// The second half of it alone; changes nothing. Faults: as above.
void check_file(FileConnection& connection);

/// Records of one partition lie side by side, in their order, under one number: the partition's id
/// above, the position below. So a record costs one insertion into one tree.
inline constexpr int position_bits{40};

constexpr std::int64_t place_of(std::int64_t partition, Position position) {
  return (partition << position_bits) + position;
}

}  // namespace tram::embedded
