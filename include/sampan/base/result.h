// Result<T>: the value, or the Error that explains why there is none.
//
// Expected failures (bad input, denied, unavailable) travel as Error. Each layer has a closed enum of
// failures with a constexpr `error_name(E)` beside it (and optionally none other); Error keeps the enum's
// identity, so callers ask `error.is(CryptoError::bad_tag)`. Bugs are SAMPAN_ASSERT, on in every build.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace sampan {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

#define SAMPAN_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::sampan::assertion_failed(#expression, __FILE__, __LINE__))

namespace detail {
template <typename E>
inline constexpr char k_error_domain = 0;
}

// A named failure: what failed (the enum), with context a person can act on.
class [[nodiscard]] Error {
  public:
    // `context` says what was expected and what was found; `remedy` what to do next. Both may be empty.
    template <typename E>
    requires std::is_enum_v<E>
    explicit Error(E code, std::string context = {}, std::string remedy = {})
        : domain_(&detail::k_error_domain<E>),
          code_(static_cast<std::uint32_t>(code)),
          name_(error_name(code)),
          context_(std::move(context)),
          remedy_(std::move(remedy)) {}

    template <typename E>
    requires std::is_enum_v<E>
    bool is(E code) const {
        return domain_ == &detail::k_error_domain<E> && code_ == static_cast<std::uint32_t>(code);
    }

    // Stable machine name, for example "bad_tag".
    std::string_view name() const { return name_; }
    const std::string& context() const { return context_; }
    const std::string& remedy() const { return remedy_; }

    // "name: context (remedy)", for people.
    std::string text() const;

    // The same failure, with what was being done put before the context.
    Error within(std::string_view doing) const;
    // The same failure, with a remedy.
    Error with_remedy(std::string remedy) const;

  private:
    const char* domain_;
    std::uint32_t code_;
    std::string_view name_;
    std::string context_;
    std::string remedy_;
};

struct Unit {};

template <typename T>
class [[nodiscard]] Result {
  public:
    using Value = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & {
        SAMPAN_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        SAMPAN_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        SAMPAN_ASSERT(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        SAMPAN_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }
    Error&& error() && {
        SAMPAN_ASSERT(!ok());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status ok_status() {
    return Unit{};
}

#define SAMPAN_CONCAT_INNER(a, b) a##b
#define SAMPAN_CONCAT(a, b) SAMPAN_CONCAT_INNER(a, b)

// SAMPAN_TRY(expression): returns the error, if there is one, to the caller.
#define SAMPAN_TRY(expression)                                              \
    do {                                                                    \
        auto sampan_status_ = (expression);                                 \
        if (!sampan_status_.ok()) return std::move(sampan_status_).error(); \
    } while (false)

// SAMPAN_ASSIGN(auto name, expression): declares `name`, or returns the error to the caller.
#define SAMPAN_ASSIGN(declaration, expression) \
    SAMPAN_ASSIGN_INNER(SAMPAN_CONCAT(sampan_result_, __LINE__), declaration, expression)
#define SAMPAN_ASSIGN_INNER(result, declaration, expression) \
    auto result = (expression);                              \
    if (!result.ok()) return std::move(result).error();      \
    declaration = std::move(result).value()

}  // namespace sampan
