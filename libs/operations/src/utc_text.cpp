#include "tram/operations/utc_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace tram {

std::string utc_text(std::int64_t milliseconds) {
  using namespace std::chrono;
  auto const time =
      floor<seconds>(sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{milliseconds}});
  auto const day = floor<days>(time);
  year_month_day const date{day};
  hh_mm_ss const clock{time - day};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace tram
