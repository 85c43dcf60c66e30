#pragma once

// std::unique_ptr and std::shared_ptr without parallel algorithms, where the library has them
// apart; see chrono.hpp.
#if __has_include(<bits/unique_ptr.h>) && __has_include(<bits/shared_ptr.h>)
#include <bits/shared_ptr.h>
#include <bits/unique_ptr.h>
#else
#include <memory>
#endif
