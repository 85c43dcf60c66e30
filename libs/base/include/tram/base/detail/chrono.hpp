#pragma once

// Durations, time points and clocks of <chrono>, without its calendar and streams where the library
// has them apart (libstdc++ from 12 on): these take a quarter of a second to read
// (docs/decisions/0015-headers-below-half-a-second.md).
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
