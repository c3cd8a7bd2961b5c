#include "sampan/dialogue/search.h"

#include <algorithm>

namespace sampan {
namespace {

bool is_one_character(const std::string& token) {
    const auto lead = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<unsigned char>(token.front()) >= 0x80 &&
           std::count_if(token.begin(), token.end(), lead) == 1;
}

void add_values(std::string& out, const Fields& fields) {
    for (const Fields::Field& field : fields.all()) {
        if (const auto* rows = std::get_if<Fields::Rows>(&field.value))
            for (const Fields& row : *rows) add_values(out, row);
        else
            out += field_text(field.value) + "\n";
    }
}

bool holds_indicator(const Entry& entry, const std::string& wanted) {
    const auto holds = [&](const std::string& text) { return text.find(wanted) != std::string::npos; };
    const Fields::Texts& own = entry.fields.texts("indicators");
    if (std::any_of(own.begin(), own.end(), holds)) return true;
    for (const FilePortion& file : entry.files)
        if (file.stix && std::any_of(file.stix->indicators.begin(), file.stix->indicators.end(), holds))
            return true;
    return false;
}

}  // namespace

void SearchIndex::add(const Key& key, std::string_view text) {
    const auto number = static_cast<std::uint32_t>(keys_.size());
    if (!numbers_.emplace(key, number).second) return;
    keys_.push_back(key);
    gone_.push_back(false);
    for (std::string& token : search_tokens(text)) {
        auto at = postings_.lower_bound(token);
        if (at == postings_.end() || at->first != token)
            at = postings_.emplace_hint(at, std::move(token), Postings());
        at->second.push_back(number);
    }
}

void SearchIndex::remove(const Key& key) {
    const auto at = numbers_.find(key);
    if (at == numbers_.end()) return;
    gone_[at->second] = true;
    numbers_.erase(at);
}

SearchIndex::Postings SearchIndex::matches(const std::string& token, bool prefix) const {
    if (!prefix) {
        const auto at = postings_.find(token);
        return at == postings_.end() ? Postings() : at->second;
    }
    Postings out;
    for (auto at = postings_.lower_bound(token); at != postings_.end() && at->first.starts_with(token); ++at)
        out.insert(out.end(), at->second.begin(), at->second.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::vector<SearchIndex::Key> SearchIndex::find(std::string_view query) const {
    std::vector<std::pair<std::string, bool>> wanted;
    while (!query.empty()) {
        const auto space = query.find(' ');
        std::string_view word = query.substr(0, space);
        query.remove_prefix(space == std::string_view::npos ? query.size() : space + 1);
        const bool open = word.ends_with('*');
        if (open) word.remove_suffix(1);
        const std::vector<std::string> tokens = search_tokens(word, true);
        for (const std::string& token : tokens)
            wanted.emplace_back(token, (open && tokens.size() == 1) || is_one_character(token));
    }
    std::vector<Postings> lists;
    for (const auto& [token, prefix] : wanted) lists.push_back(matches(token, prefix));
    std::sort(lists.begin(), lists.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    std::vector<Key> out;
    if (lists.empty()) return out;
    for (const std::uint32_t number : lists.front()) {
        const bool everywhere = std::all_of(lists.begin() + 1, lists.end(), [&](const Postings& list) {
            return std::binary_search(list.begin(), list.end(), number);
        });
        if (everywhere && !gone_[number]) out.push_back(keys_[number]);
    }
    return out;
}

std::size_t SearchIndex::bytes() const {
    constexpr std::size_t k_node = 48;  // of a tree's node, beside what it holds
    std::size_t out = keys_.capacity() * sizeof(Key) + numbers_.size() * (sizeof(Key) + k_node);
    for (const auto& [token, list] : postings_)
        out += k_node + sizeof(token) + token.capacity() + sizeof(list) +
               list.capacity() * sizeof(std::uint32_t);
    return out;
}

std::string searchable_text(const Document& document) {
    std::string out = document.title + "\n" + document.body + "\n";
    add_values(out, document.fields);
    for (const FilePortion& file : document.files) {
        out += file.file + "\n";
        if (!file.stix) continue;
        for (const std::string& pattern : file.stix->indicators) out += pattern + "\n";
    }
    return out;
}

bool matches(const Entry& entry, const SearchQuery& query) {
    const auto wants = [](const std::string& wanted, std::string_view value) {
        return wanted.empty() || wanted == value;
    };
    if (!wants(query.kind, kind_name(entry.kind)) || !wants(query.sender, entry.sender.text()) ||
        !wants(query.classification, entry.label.classification))
        return false;
    if (!query.dialogue.empty() &&
        std::none_of(entry.dialogues.begin(), entry.dialogues.end(),
                     [&](const DialogueId& id) { return id.text() == query.dialogue; }))
        return false;
    if (query.since && entry.logged < *query.since) return false;
    if (query.until && entry.logged > *query.until) return false;
    if (query.unread && (entry.read || entry.own)) return false;
    return query.indicator.empty() || holds_indicator(entry, query.indicator);
}

}  // namespace sampan
