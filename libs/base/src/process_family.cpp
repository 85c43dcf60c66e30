#include "tram/base/process_family.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <string>

#include "tram/base/error.hpp"

namespace tram {
namespace {

using Generation = std::atomic<std::uint64_t>;

// Where the page below cannot be had.
constinit Generation plain_generation{0};

void forget_generation() { plain_generation.store(0); }

// Zero in a child: the kernel empties the page there, also where no C library knew of the fork.
Generation& place_of_generation() {
  auto const size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const page =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED && ::madvise(page, size, MADV_WIPEONFORK) == 0)
    return *std::construct_at(static_cast<Generation*>(page), 0U);
  if (page != MAP_FAILED) ::munmap(page, size);
  ::pthread_atfork(nullptr, nullptr, forget_generation);
  return plain_generation;
}

// Counted on before it is used, so that a fork in between cannot bring a number back.
constinit std::atomic<std::uint64_t> last_generation{0};

}  // namespace

std::uint64_t process_generation() {
  static Generation& current = place_of_generation();
  if (auto const known = current.load(std::memory_order_acquire); known != 0) return known;
  std::uint64_t first = 0;
  auto const next = last_generation.fetch_add(1) + 1;
  return current.compare_exchange_strong(first, next) ? next : first;
}

void require_made_here(std::uint64_t generation, std::string_view what) {
  if (generation == process_generation()) return;
  throw Error{Fault::rejected,
              std::string{what} + " belongs to the process that this one was forked from, with its "
                                  "connections and threads; make another one in the child"};
}

}  // namespace tram
