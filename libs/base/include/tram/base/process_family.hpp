#pragma once

#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// Which process of a family of forks this is: a child has another number than all that it came
/// from, however it was forked. Callable from any thread; as cheap as reading a variable.
std::uint64_t process_generation();

/// Refuses objects that were made in the process of that generation and are used in a child of it:
/// connections and threads are not copied by a fork. `what` begins the text: `kafka: this
/// producer`. Throws: rejected.
void require_made_here(std::uint64_t generation, std::string_view what);

}  // namespace tram

#pragma GCC visibility pop
