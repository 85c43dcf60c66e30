#pragma once

#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// Describes the exception of the surrounding `catch` block: the text of a std::exception, and of
/// those nested in it; its type where there is no text. Empty outside of a `catch` block. Waits for
/// nothing, throws nothing but std::bad_alloc.
std::string describe_current_exception();

}  // namespace tram

#pragma GCC visibility pop
