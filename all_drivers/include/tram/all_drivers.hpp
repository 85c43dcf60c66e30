#pragma once

#include "tram/connect/drivers.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// All drivers that were built, and the names of those that were left out. Links every one of them;
/// a program that wants fewer names them (see `Drivers`).
///
///     auto database = tram::connect::database(url, tram::all_drivers(), runtime);
[[nodiscard]] Drivers all_drivers();

}  // namespace tram

#pragma GCC visibility pop
