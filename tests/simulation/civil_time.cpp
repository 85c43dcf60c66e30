#include "civil_time.hpp"

#include <sqlite3.h>

#include <string_view>

#include "tram/sqlite/sqlite.hpp"

namespace tram::simulation {
namespace {

/// Tram takes every name that begins with `memdb` for a database in memory.
constexpr auto* vfs_name = "memdb_in_simulated_time";
/// From noon of 24 November 4714 BC, where SQLite begins to count, to 1970.
constexpr sqlite3_int64 epoch_in_julian_milliseconds{210'866'760'000'000};
constexpr std::uint64_t longest_step_hours{720};

ManualClock const* told{};

int tell_time(sqlite3_vfs* /*vfs*/, sqlite3_int64* now) {
  *now = epoch_in_julian_milliseconds + told->wall().time_since_epoch().count();
  return SQLITE_OK;
}

void register_vfs() {
  static auto vfs = [] {
    auto copy = *::sqlite3_vfs_find("memdb");
    copy.zName = vfs_name;
    copy.xCurrentTimeInt64 = &tell_time;
    return copy;
  }();
  if (::sqlite3_vfs_find(vfs_name) == nullptr) ::sqlite3_vfs_register(&vfs, 0);
}

}  // namespace

CivilTime::CivilTime(ManualClock& clock) : clock_{clock} {
  register_vfs();
  told = &clock;
}

CivilTime::~CivilTime() { told = nullptr; }

std::string CivilTime::memory_path(Random& random) {
  constexpr std::string_view usual{"memdb"};
  auto path = sqlite::memory_path(random);
  return path.replace(path.find(usual), usual.size(), vfs_name);
}

void CivilTime::step(Random& random) {
  std::chrono::hours const step{1 + random.below(longest_step_hours)};
  bool const forward = random.below(2) == 0;
  was_set_forward_ = was_set_forward_ || forward;
  clock_.set_wall(forward ? clock_.wall() + step : clock_.wall() - step);
}

}  // namespace tram::simulation
