#include "sampan/base/time.h"

#include "sampan/base/limits.h"
#include "support/catch.h"

namespace sampan {
namespace {

TEST_CASE("time is written as RFC 3339 in UTC with whole seconds") {
    CHECK(to_rfc3339(UnixMillis(0)) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339(UnixMillis(1'614'589'200'999)) == "2021-03-01T09:00:00Z");
    CHECK(to_rfc3339(UnixMillis(-1)) == "1969-12-31T23:59:59Z");
}

TEST_CASE("time that was written is read back") {
    for (std::int64_t seconds : {0LL, 951'782'400LL, 1'614'589'200LL, 4'102'444'799LL}) {
        const UnixMillis time(seconds * k_second_ms);
        CHECK(parse_rfc3339(to_rfc3339(time)).value() == time);
    }
}

TEST_CASE("a date alone is its first second") {
    CHECK(parse_rfc3339("2021-03-01").value() == parse_rfc3339("2021-03-01T00:00:00Z").value());
}

TEST_CASE("a leap day is accepted in leap years and refused in others") {
    CHECK(parse_rfc3339("2020-02-29").ok());
    CHECK(parse_rfc3339("2000-02-29").ok());
    CHECK(parse_rfc3339("2021-02-29").error().is(TextError::bad_character));
    CHECK(parse_rfc3339("1900-02-29").error().is(TextError::bad_character));
}

TEST_CASE("impossible, offset and loosely written times are refused") {
    for (std::string_view bad : {"",
                                 "2021",
                                 "2021-3-1",
                                 "2021-13-01",
                                 "2021-00-10",
                                 "2021-01-00",
                                 "2021-04-31",
                                 "2021-03-01T24:00:00Z",
                                 "2021-03-01T09:60:00Z",
                                 "2021-03-01T09:00:60Z",
                                 "2021-03-01T09:00:00",
                                 "2021-03-01T09:00:00+09:00",
                                 "2021-03-01 09:00:00Z",
                                 "2021-03-01T09:00:00z",
                                 "2021-03-01T09:00:00.5Z",
                                 "-021-03-01",
                                 "2021-+3-01",
                                 "2021-03- 1",
                                 " 2021-03-01",
                                 "2021-03-01 "})
        CHECK(parse_rfc3339(bad).error().is(TextError::bad_character));
}

TEST_CASE("the monotonic clock does not go back") {
    const MonotonicMillis first = system_clock().monotonic();
    CHECK(system_clock().monotonic() >= first);
    CHECK(system_clock().wall() > UnixMillis(1'600'000'000'000));
}

}  // namespace
}  // namespace sampan
