#include "contract/store/broker_scribe.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/log/erasure.h"

namespace sampan::test {
namespace {

template <typename T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::abort();
    }
    return std::move(result).value();
}

const Signer& log_key() {
    static const auto signer = [] {
        must(start_crypto());
        return make_key_signer(Ed25519Key::generate(), {{Purpose::answers, Purpose::outcomes}, true});
    }();
    return *signer;
}

}  // namespace

AgencyId reader_id(std::string_view text) {
    return must(AgencyId::parse(text));
}

std::unique_ptr<BrokerStore> StorePlace::open(std::int64_t max_pages) const {
    return must(try_open(max_pages));
}

Result<std::unique_ptr<BrokerStore>> StorePlace::try_open(std::int64_t max_pages) const {
    static_cast<void>(log_key());
    return open_broker_store({directory, nullptr, "", max_pages, 4096, 1000});
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sampan-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Bytes Scribe::random(std::size_t size) {
    Bytes out;
    while (out.size() < size) {
        Writer seed;
        seed.u64(seed_).u64(++drawn_);
        append(out, sha256(seed.bytes()).view());
    }
    out.resize(size);
    return out;
}

LeafIndex Scribe::add(CommitBatch& batch, EntryType type, Bytes record) {
    if (batch.entries.empty()) {
        SAMPAN_ASSERT(edge_.size() == batch.from_size);
    }
    const LeafIndex leaf(batch.from_size.get() + batch.entries.size());
    const LogEntry entry{type, 1'600'000'000 + leaf.get(), must(subject_of_record(type, record))};
    edge_.append(log_leaf(entry));
    batch.entries.push_back({entry, std::move(record)});
    return leaf;
}

void Scribe::seal(CommitBatch& batch) {
    batch.root = edge_.root();
    batch.checkpoint = must(
        sign_checkpoint({"ajct.example/log/1", edge_.size(), batch.root}, "ajct.example/log/1", log_key()));
}

CommitBatch Scribe::batch(const BrokerStore& store, std::size_t messages, const AgencyId& sender,
                          const std::vector<AgencyId>& readers) {
    CommitBatch out;
    out.from_size = store.head().size;
    out.from_root = store.head().root;
    edge_ = store.head().edge;
    AnswerList answers;
    answers.counter = ++answer_counter_;
    answers.time_s = 1'600'000'000 + out.from_size.get();
    answers.list = kept_.emplace_back(random(100 + messages * 50));
    std::vector<LeafIndex> leaves;
    for (std::size_t i = 0; i < messages; ++i) {
        const Bytes seal = random(200);
        const auto signature = must(Ed25519Signature::parse(random(64)));
        const LeafIndex leaf = add(out, EntryType::submitted, encode_message_record(seal, signature));
        subjects_[leaf] = message_subject(seal, signature);
        keys_[leaf] = {sender, must(MessageId::parse(random(16)))};
        out.messages.push_back(
            {leaf, kept_.emplace_back(random(136 * readers.size())), kept_.emplace_back(random(500))});
        answers.answers.push_back(
            {sender, keys_[leaf].message_id, subjects_[leaf], static_cast<std::uint32_t>(i)});
        leaves.push_back(leaf);
    }
    for (const AgencyId& reader : readers) out.mailboxes.push_back({reader, leaves, {}});
    out.answers = std::move(answers);
    seal(out);
    return out;
}

CommitBatch Scribe::erasure(const BrokerStore& store, const std::vector<LeafIndex>& leaves) {
    CommitBatch out;
    out.from_size = store.head().size;
    out.from_root = store.head().root;
    edge_ = store.head().edge;
    const Erasure erasure{1, leaves.size(), leaves.front(), leaves.back(), erased_leaves_digest(leaves)};
    Bytes record = random(k_entry_salt_bytes);
    append(record, as_bytes(erasure.text()));
    out.erased = leaves;
    out.erased_by = add(out, EntryType::erasure, std::move(record));
    seal(out);
    return out;
}

CommitBatch Scribe::outcomes(const BrokerStore& store, const AgencyId& reader, std::vector<LeafIndex> leaves,
                             std::vector<LeafIndex> finished) {
    CommitBatch out;
    out.from_size = store.head().size;
    out.from_root = store.head().root;
    edge_ = store.head().edge;
    ListStatement statement;
    statement.kind = ListKind::outcomes;
    statement.exchange = must(ExchangeName::parse("ajct.example"));
    statement.signer = reader.text();
    statement.epoch = Epoch(1);
    statement.counter = ++list_counters_[reader.text()];
    statement.time = UnixMillis(1'600'000'000'000);
    std::vector<Bytes> items;
    for (LeafIndex leaf : leaves)
        items.push_back(encode_outcome({subjects_.at(leaf), OutcomeCode::delivered, "", statement.time, {}}));
    const std::uint64_t counter = statement.counter;
    const SignedList list = must(sign_list(std::move(statement), std::move(items), log_key()));
    const LeafIndex leaf = add(out, EntryType::delivered, encode_signed_list(list));
    out.outcome_lists.push_back({reader, counter, leaf, list.hash()});
    out.notices.push_back({reader_id("th-rtp"), leaf, std::vector<bool>(leaves.size(), true)});
    out.mailboxes.push_back({reader, {}, std::move(leaves)});
    out.finished = std::move(finished);
    seal(out);
    return out;
}

}  // namespace sampan::test
