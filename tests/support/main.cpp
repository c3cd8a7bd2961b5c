// The main function of every Catch2 suite. A case that asserts nothing fails, and so does a name without a
// case.
#define CATCH_CONFIG_RUNNER
#include "catch.h"

int main(int argc, char** argv) {
    Catch::Session session;
    if (int wrong_usage = session.applyCommandLine(argc, argv); wrong_usage != 0) return wrong_usage;
#if __has_include(<catch2/catch_all.hpp>)
    constexpr auto strict = Catch::WarnAbout::NoAssertions | Catch::WarnAbout::UnmatchedTestSpec;
#else
    constexpr auto strict = Catch::WarnAbout::NoAssertions | Catch::WarnAbout::NoTests;
#endif
    session.configData().warnings = static_cast<Catch::WarnAbout::What>(strict);
    return session.run();
}
