#include "sampan/base/time.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace sampan {
namespace {

class SystemClock final : public Clock {
  public:
    UnixMillis wall() const override {
        using namespace std::chrono;
        return UnixMillis(
            duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    }
    MonotonicMillis monotonic() const override {
        using namespace std::chrono;
        return MonotonicMillis(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
    }
};

bool read_number(std::string_view text, std::size_t at, std::size_t length, int& out) {
    const char* first = text.data() + at;
    auto [end, failure] = std::from_chars(first, first + length, out);
    return failure == std::errc() && end == first + length && *first != '-';
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string to_rfc3339(UnixMillis time) {
    using namespace std::chrono;
    const sys_time<milliseconds> point{milliseconds(time.get())};
    const auto day = floor<days>(point);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(point - day));
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

Result<UnixMillis> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const auto bad = [&] {
        return Error(TextError::bad_character, "\"" + std::string(text.substr(0, 40)) +
                                                   "\" is not a UTC time such as 2021-03-01T09:00:00Z");
    };
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    const bool has_time = text.size() == 20;
    if (!has_time && text.size() != 10) return bad();
    if (!read_number(text, 0, 4, y) || text[4] != '-' || !read_number(text, 5, 2, mo) || text[7] != '-' ||
        !read_number(text, 8, 2, d))
        return bad();
    if (has_time &&
        (text[10] != 'T' || !read_number(text, 11, 2, h) || text[13] != ':' ||
         !read_number(text, 14, 2, mi) || text[16] != ':' || !read_number(text, 17, 2, s) || text[19] != 'Z'))
        return bad();
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    if (!date.ok() || h > 23 || mi > 59 || s > 59) return bad();
    const auto point = sys_days(date) + hours(h) + minutes(mi) + seconds(s);
    return UnixMillis(duration_cast<milliseconds>(point.time_since_epoch()).count());
}

}  // namespace sampan
