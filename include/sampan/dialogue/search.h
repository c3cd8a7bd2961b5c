// Search over what the archive holds, in memory only: an index of words, and of pairs of characters in
// scripts that are written without spaces (Thai, Lao, Khmer, Burmese, Japanese, Chinese). One owner.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sampan/dialogue/workspace.h"

namespace sampan {

inline constexpr std::size_t k_query_bytes = 1024;

// The tokens of a text: words folded (NFKC, case), pairs of characters where there are no spaces, and there
// the last character too unless it is of a query. Sorted, once each.
std::vector<std::string> search_tokens(std::string_view text, bool of_query = false);

class SearchIndex {
  public:
    using Key = std::pair<MessageId, AgencyId>;
    // A message's text, once; what is known already stays as it is.
    void add(const Key& key, std::string_view text);
    void remove(const Key& key);
    // Messages that hold every word of the query, in no order. A word that ends in "*" is the beginning of
    // one; one character of a script without spaces finds all that hold it.
    std::vector<Key> find(std::string_view query) const;
    std::size_t size() const { return numbers_.size(); }
    // Bytes of the index, roughly: tokens and the lists behind them.
    std::size_t bytes() const;

  private:
    using Postings = std::vector<std::uint32_t>;
    Postings matches(const std::string& token, bool prefix) const;

    std::map<std::string, Postings, std::less<>> postings_;
    std::map<Key, std::uint32_t> numbers_;
    std::vector<Key> keys_;
    std::vector<bool> gone_;
};

// What of a message is searched: title, body, names and texts of its fields, indicators.
std::string searchable_text(const Document& document);

// A search as people ask for it. Empty: any.
struct SearchQuery {
    std::string words;
    std::string kind, sender, classification, dialogue, indicator;
    std::optional<UnixMillis> since, until;
    bool unread = false;
    std::size_t limit = 50;
};
bool matches(const Entry& entry, const SearchQuery& query);

}  // namespace sampan
