#pragma once

#include <endian.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "kafka_server.hpp"

namespace tram::testing {

/// How a topic's records lie in the files of Kafka.
struct KafkaBatches {
  std::size_t all{};
  std::size_t of_one_record{};
  std::size_t records{};
};

namespace detail {

inline std::uint32_t number_at(std::string const& bytes, std::size_t place) {
  std::uint32_t value{};
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return be32toh(value);
}

/// The format: https://kafka.apache.org/documentation/#recordbatch
inline void count_batches(std::string const& segment, KafkaBatches& batches) {
  constexpr std::size_t length_at{8};
  constexpr std::size_t records_at{57};
  constexpr std::size_t header{61};
  for (std::size_t at = 0; at + header <= segment.size();
       at += length_at + 4 + number_at(segment, at + length_at)) {
    auto const records = number_at(segment, at + records_at);
    ++batches.all;
    batches.of_one_record += records == 1 ? 1 : 0;
    batches.records += records;
  }
}

}  // namespace detail

inline KafkaBatches batches_of(KafkaServer const& server, std::string const& topic,
                               int partitions) {
  KafkaBatches batches;
  for (int partition = 0; partition < partitions; ++partition) {
    auto const folder = server.data_folder() + "/" + topic + "-" + std::to_string(partition);
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
      if (entry.path().extension() != ".log") continue;
      std::ifstream in{entry.path(), std::ios::binary};
      detail::count_batches({std::istreambuf_iterator<char>{in}, {}}, batches);
    }
  }
  return batches;
}

}  // namespace tram::testing
