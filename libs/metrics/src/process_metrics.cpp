#include "tram/metrics/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace tram {
namespace {

/// The fields of `/proc/self/stat` behind the program's name, which may hold anything: the first
/// one is field 3 of proc(5).
std::vector<std::string> stat_fields() {
  std::ifstream in{"/proc/self/stat"};
  std::string const line{std::istreambuf_iterator<char>{in}, {}};
  auto const name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest{line.substr(name_end + 1)};
  return {std::istream_iterator<std::string>{rest}, {}};
}

class Stat {
 public:
  [[nodiscard]] std::optional<double> number(std::size_t field) const {
    std::size_t const place = field - 3;
    if (place >= fields_.size()) return std::nullopt;
    return std::stod(fields_[place]);
  }

 private:
  std::vector<std::string> fields_{stat_fields()};
};

std::optional<double> boot_time() {
  std::ifstream in{"/proc/stat"};
  std::string word;
  while (in >> word) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> open_descriptors() {
  std::error_code trouble;
  std::filesystem::directory_iterator const folder{"/proc/self/fd", trouble};
  if (trouble) return std::nullopt;
  auto const all = std::distance(begin(folder), end(folder));
  return static_cast<std::uint64_t>(all > 0 ? all - 1 : 0);  // Without that of the look itself.
}

void write_descriptors(http::MetricsText& text) {
  if (auto const open = open_descriptors())
    text.gauge("process_open_fds", "Number of open file descriptors.").sample(*open);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    text.gauge("process_max_fds", "Maximum number of open file descriptors.")
        .sample(static_cast<double>(limit.rlim_cur));
}

}  // namespace

void write_process_metrics(http::MetricsText& text) {
  constexpr std::size_t user_time = 14;
  constexpr std::size_t system_time = 15;
  constexpr std::size_t threads = 20;
  constexpr std::size_t start_time = 22;
  constexpr std::size_t virtual_bytes = 23;
  constexpr std::size_t resident_pages = 24;
  Stat const stat;
  auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  auto const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  auto const user = stat.number(user_time);
  auto const system = stat.number(system_time);
  if (user && system)
    text.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
        .sample((*user + *system) / ticks);
  auto const started = stat.number(start_time);
  auto const boot = boot_time();
  if (started && boot)
    text.gauge("process_start_time_seconds",
               "Start time of the process since unix epoch in seconds.")
        .sample(*boot + *started / ticks);
  if (auto const bytes = stat.number(virtual_bytes))
    text.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.").sample(*bytes);
  if (auto const pages = stat.number(resident_pages))
    text.gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
        .sample(*pages * page);
  if (auto const count = stat.number(threads))
    text.gauge("process_threads", "Number of threads.").sample(*count);
  write_descriptors(text);
}

}  // namespace tram
