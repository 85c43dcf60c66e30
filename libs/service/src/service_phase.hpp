#pragma once

#include <cstdint>

#include "tram/json/names.hpp"

namespace tram {

enum class ServicePhase : std::uint8_t { starting, running, stopping };
constexpr auto enum_names(ServicePhase /*phase*/) {
  return json::names<ServicePhase>({{ServicePhase::starting, "starting"},
                                    {ServicePhase::running, "running"},
                                    {ServicePhase::stopping, "stopping"}});
}

}  // namespace tram
