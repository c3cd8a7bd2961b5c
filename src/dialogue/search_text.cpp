// Words of all scripts, by ICU: folded to NFKC without case, cut at what is no letter, mark or digit.
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <algorithm>

#include "sampan/dialogue/search.h"

namespace sampan {
namespace {

using Utf16 = std::vector<UChar>;

Utf16 to_utf16(std::string_view text) {
    Utf16 out(text.size() + 1);
    UErrorCode status = U_ZERO_ERROR;
    std::int32_t size = 0;
    // What is no UTF-8 becomes U+FFFD, which is no letter.
    u_strFromUTF8WithSub(out.data(), static_cast<std::int32_t>(out.size()), &size, text.data(),
                         static_cast<std::int32_t>(text.size()), 0xfffd, nullptr, &status);
    out.resize(U_SUCCESS(status) ? static_cast<std::size_t>(size) : 0);
    return out;
}

Utf16 folded(const Utf16& text) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* fold = unorm2_getNFKCCasefoldInstance(&status);
    if (U_FAILURE(status)) return text;
    Utf16 out(text.size() * 2 + 16);
    const auto length = static_cast<std::int32_t>(text.size());
    std::int32_t size = unorm2_normalize(fold, text.data(), length, out.data(),
                                         static_cast<std::int32_t>(out.size()), &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
        out.resize(static_cast<std::size_t>(size));
        status = U_ZERO_ERROR;
        size = unorm2_normalize(fold, text.data(), length, out.data(), size, &status);
    }
    if (U_FAILURE(status)) return text;
    out.resize(static_cast<std::size_t>(size));
    return out;
}

void append_utf8(std::string& out, UChar32 c) {
    char bytes[4];
    std::int32_t size = 0;
    UBool failed = false;
    U8_APPEND(reinterpret_cast<std::uint8_t*>(bytes), size, 4, c, failed);
    if (!failed) out.append(bytes, static_cast<std::size_t>(size));
}

enum class Sort : std::uint8_t { gap, spaced, unspaced };

Sort sort_of(UChar32 c) {
    const auto type = u_charType(c);
    const bool mark = type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK;
    if (!mark && !u_isalnum(c)) return Sort::gap;
    UErrorCode status = U_ZERO_ERROR;
    switch (uscript_getScript(c, &status)) {
        case USCRIPT_THAI:
        case USCRIPT_LAO:
        case USCRIPT_KHMER:
        case USCRIPT_MYANMAR:
        case USCRIPT_HAN:
        case USCRIPT_HIRAGANA:
        case USCRIPT_KATAKANA:
            return Sort::unspaced;
        default:
            // The long-vowel mark of kana is of no script, and has no space around it either.
            return c == 0x30fc ? Sort::unspaced : Sort::spaced;
    }
}

void cut_run(const std::vector<UChar32>& run, Sort sort, bool of_query, std::vector<std::string>& out) {
    if (run.empty()) return;
    if (sort == Sort::spaced || run.size() == 1) {
        std::string word;
        for (const UChar32 c : run) append_utf8(word, c);
        // A word beyond all words is found by its beginning.
        if (word.size() > 64) word.resize(64);
        out.push_back(std::move(word));
        return;
    }
    for (std::size_t i = 0; i + 1 < run.size(); ++i) {
        std::string pair;
        append_utf8(pair, run[i]);
        append_utf8(pair, run[i + 1]);
        out.push_back(std::move(pair));
    }
    // One character is found by the pairs that begin with it; the last begins none.
    if (of_query) return;
    std::string last;
    append_utf8(last, run.back());
    out.push_back(std::move(last));
}

}  // namespace

std::vector<std::string> search_tokens(std::string_view text, bool of_query) {
    const Utf16 units = folded(to_utf16(text));
    std::vector<std::string> out;
    std::vector<UChar32> run;
    Sort running = Sort::gap;
    std::size_t at = 0;
    while (at < units.size()) {
        UChar32 c = 0;
        U16_NEXT(units.data(), at, units.size(), c);
        Sort sort = sort_of(c);
        // A mark of no script of its own goes with what it stands on.
        if (sort == Sort::spaced && running == Sort::unspaced && u_charType(c) == U_NON_SPACING_MARK)
            sort = running;
        if (sort != running) {
            cut_run(run, running, of_query, out);
            run.clear();
            running = sort;
        }
        if (sort != Sort::gap) run.push_back(c);
    }
    cut_run(run, running, of_query, out);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace sampan
