#include "sampan/base/result.h"

#include <memory>

#include "sampan/base/bytes.h"
#include "sampan/base/ids.h"
#include "support/catch.h"

namespace sampan {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Error(TextError::bad_length, "odd");
    return number / 2;
}

Result<int> quarter(int number) {
    SAMPAN_ASSIGN(int halved, half(number));
    SAMPAN_ASSIGN(int quartered, half(halved));
    return quartered;
}

Status must_be_even(int number) {
    SAMPAN_TRY(half(number));
    return ok_status();
}

TEST_CASE("a result is its value or its error") {
    CHECK(half(4).value() == 2);
    CHECK(half(3).error().is(TextError::bad_length));
    CHECK_FALSE(half(3).ok());
}

TEST_CASE("an error passes through callers unchanged") {
    CHECK(quarter(8).value() == 2);
    CHECK(quarter(6).error().is(TextError::bad_length));
    CHECK(must_be_even(2).ok());
    CHECK(must_be_even(3).error().context() == "odd");
}

TEST_CASE("an error keeps which enum it came from") {
    const Error error(TextError::bad_length);
    CHECK(error.is(TextError::bad_length));
    CHECK_FALSE(error.is(TextError::bad_character));
    CHECK(static_cast<int>(IdError::bad_name) == static_cast<int>(TextError::bad_length));
    CHECK_FALSE(error.is(IdError::bad_name));
}

TEST_CASE("an error says what was being done, what was wrong and what to do") {
    const Error error =
        Error(TextError::bad_length, "odd length").within("reading key.hex").with_remedy("copy it again");
    CHECK(error.text() == "bad_length: reading key.hex: odd length (copy it again)");
    CHECK(Error(TextError::bad_length).text() == "bad_length");
    CHECK(Error(TextError::bad_length).within("reading").text() == "bad_length: reading");
}

TEST_CASE("a result carries what can only be moved") {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    const std::unique_ptr<int> moved = std::move(result).value();
    CHECK(*moved == 7);
}

}  // namespace
}  // namespace sampan
