// Catch2, whichever the distribution has: 2.13 (Debian 12) or 3.7 (Debian 13).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
