#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/broker/record.hpp"

namespace tram::embedded {

/// Why this record can never be taken: an illegal channel name or a value that is too large. Fault
/// `rejected`.
std::optional<Error> refusal(RecordView const& record, std::size_t bytes_max);

/// The same for a channel that was never created.
Error missing_channel(std::string_view channel);

}  // namespace tram::embedded
