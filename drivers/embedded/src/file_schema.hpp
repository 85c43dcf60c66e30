#pragma once

#include <cstdint>
#include <string>

#include "file_connection.hpp"
#include "offset.hpp"
#include "tram/base/error.hpp"

namespace tram::embedded {

/// Makes the tables in a new file, and checks those of an old one. Touches nothing else's file.
/// Faults: rejected (somebody else's file, made by a newer release), and those of the connection.
void prepare_file(FileConnection& connection);
/// The second half of it alone; changes nothing. Faults: as above.
void check_file(FileConnection& connection);
/// What is said of a file whose tables cannot be ours any more: rejected.
Error damaged(FileConnection const& connection, std::string const& what);

/// Records of one partition lie side by side, in their order, under one number: the partition's id
/// above, the position below. So a record costs one insertion into one tree.
inline constexpr int position_bits{40};

/// Positions and ids that are no part of each other's places.
inline constexpr std::int64_t positions_max{std::int64_t{1} << position_bits};
inline constexpr std::int64_t partition_ids_max{std::int64_t{1} << (62 - position_bits)};

/// Behind the last position of a partition, told from its records and from those that are removed;
/// no row without the partition. Takes its first place, the next one's first place, and its id.
inline constexpr char const* next_position_statement =
    "SELECT max(p.first, coalesce((SELECT max(place) + 1 FROM tram_record WHERE place >= ?1 AND "
    "place < ?2), ?1) - ?1) FROM tram_partition p WHERE p.id = ?3";

constexpr std::int64_t place_of(std::int64_t partition, Offset position) {
  return (partition << position_bits) + position;
}

}  // namespace tram::embedded
