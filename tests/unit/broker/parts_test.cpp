#include "support/catch.h"
#include "unit/broker/desk.h"

#include "sampan/crypto/random.h"

using namespace sampan;
using namespace sampan::test;

namespace {

class MemoryFile final : public File {
  public:
    Bytes bytes;
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        const std::size_t from = std::min(static_cast<std::size_t>(offset), bytes.size());
        const std::size_t size = std::min(out.size(), bytes.size() - from);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), size, out.begin());
        return size;
    }
    Status write_at(std::uint64_t offset, ByteView more) override {
        const auto from = static_cast<std::size_t>(offset);
        bytes.resize(std::max(bytes.size(), from + more.size()));
        std::copy(more.begin(), more.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return bytes.size(); }
    Status sync() override { return ok_status(); }
};

// An attachment of random bytes that fills `whole_frames` frames and begins one more.
struct Part {
    std::vector<Bytes> frames;
    SealedPart sealed;
    PartTree& tree = sealed.tree;
    PartDescription& description = sealed.description;
    explicit Part(std::size_t whole_frames) : sealed(seal(whole_frames)) {}
    SealedPart seal(std::size_t whole_frames) {
        MemoryFile plain, cipher;
        plain.bytes.resize(whole_frames * limits::k_part_frame_chunks * limits::k_stream_chunk_bytes + 1000);
        random_fill(plain.bytes);
        SealedPart out = must(seal_part(plain, cipher, {}));
        for (std::size_t at = 0; at < cipher.bytes.size(); at += limits::k_part_frame_bytes) {
            const std::size_t size = std::min(limits::k_part_frame_bytes, cipher.bytes.size() - at);
            const auto from = cipher.bytes.begin() + static_cast<std::ptrdiff_t>(at);
            frames.emplace_back(from, from + static_cast<std::ptrdiff_t>(size));
        }
        return out;
    }
    PartFramePacket packet(const MessageId& id, std::uint64_t index) const {
        return {id, 1, index, frames[index], tree.proof(index)};
    }
};

struct Scene {
    Exchange exchange;
    Desk desk;
    Client sender, reader;
    Part part;
    explicit Scene(std::size_t whole_frames = 19)
        : desk(exchange),
          sender(desk.open_node("th-rtp")),
          reader(desk.open_node("jp-npa")),
          part(whole_frames) {}
    SealedMessage seal() {
        SealRequest request = desk.request("th-rtp", {"jp-npa"}, "with an attachment");
        AttachmentEntry entry;
        entry.name = "annex.pdf";
        entry.media_type = "application/pdf";
        entry.size = part.sealed.plaintext_size;
        entry.sha256 = part.sealed.plaintext_sha256;
        entry.key = part.sealed.key.duplicate();
        request.content.attachments.push_back(std::move(entry));
        request.parts = {part.description};
        return exchange.seal("th-rtp", std::move(request));
    }
    // Sends what is asked for, at most `most` frames; the number sent.
    std::size_t upload(const MessageId& id, std::size_t most) {
        std::size_t sent = 0;
        while (sent < most) {
            auto wanted = sender.take<PartsWanted>();
            if (!wanted) break;
            for (const PartRange& range : wanted->ranges)
                for (std::uint64_t i = 0; i < range.count && sent < most; ++i, ++sent)
                    desk.send(sender, {part.packet(id, range.first + i)});
        }
        return sent;
    }
};

}  // namespace

TEST_CASE("a message with an attachment is accepted after its last frame, and every frame can be fetched") {
    Scene scene;
    const SealedMessage message = scene.seal();
    const MessageId id = message.header.message_id;
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    CHECK_FALSE(scene.desk.answer(scene.sender));
    std::size_t sent = 0;
    std::optional<Answer> answer;
    for (std::size_t more = 1; more > 0; sent += more) {
        CHECK_FALSE(scene.reader.take<Deliver>());
        more = scene.upload(id, 100);
        answer = scene.desk.answer(scene.sender);
        CHECK(answer.has_value() == (sent + more == scene.part.frames.size()));
        if (answer) break;
    }
    REQUIRE(answer);
    CHECK(answer->code == AnswerCode::accepted);
    REQUIRE(scene.reader.take<Deliver>());
    for (std::uint64_t first = 0; first < scene.part.frames.size();) {
        scene.desk.send(scene.reader, {FetchParts{message.subject, 1, first, 64}});
        std::uint64_t got = 0;
        while (auto data = scene.reader.take<PartData>()) {
            CHECK(data->data == scene.part.frames[data->index]);
            CHECK(verify_part_frame(scene.part.description, {data->index, data->data, data->proof}).ok());
            ++got;
        }
        REQUIRE(got > 0);
        CHECK(got <= broker::k_frame_window);
        first += got;
    }
}

TEST_CASE("an upload goes on where it was after the broker began again") {
    Scene scene;
    const SealedMessage message = scene.seal();
    const MessageId id = message.header.message_id;
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    CHECK(scene.upload(id, 6) == 6);
    scene.desk.restart();
    scene.sender = scene.desk.open_node("th-rtp");
    std::size_t more = 0;
    for (std::size_t sent = scene.upload(id, 100); sent > 0; sent = scene.upload(id, 100)) more += sent;
    CHECK(more == scene.part.frames.size() - 6);  // six were here
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
}

TEST_CASE("a frame that is not of the part ends the session, and changes nothing") {
    Scene scene;
    const SealedMessage message = scene.seal();
    const MessageId id = message.header.message_id;
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    PartFramePacket wrong = scene.part.packet(id, 0);
    wrong.data[77] ^= 1;
    scene.desk.send(scene.sender, {wrong});
    CHECK(scene.sender.error() == "bad_part");
    CHECK(scene.sender.dropped);
    CHECK(must(scene.desk.store().part_frames(scene.part.description.root)).empty());
}

TEST_CASE("a frame that nobody asked for is refused") {
    Scene scene;
    const SealedMessage message = scene.seal();
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    scene.desk.send(scene.sender, {scene.part.packet(message.header.message_id, 18)});
    CHECK(scene.sender.error() == "part_not_wanted");
    scene.desk.send(scene.sender, {scene.part.packet(MessageId(), 0)});
    CHECK(scene.sender.error() == "part_not_wanted");
}

TEST_CASE("frames that could not be kept are asked for again") {
    Scene scene(2);
    const SealedMessage message = scene.seal();
    const MessageId id = message.header.message_id;
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    REQUIRE(scene.sender.take<PartsWanted>());
    scene.desk.fail_next_commit(StoreError::disk_full);
    scene.desk.send(scene.sender, {scene.part.packet(id, 0)});
    while (scene.upload(id, 10) > 0) {
    }
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
}

TEST_CASE("another reader cannot fetch the parts of a message that is not in its mailbox") {
    Scene scene(1);
    const SealedMessage message = scene.seal();
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    while (scene.upload(message.header.message_id, 10) > 0) {
    }
    REQUIRE(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    Client other = scene.desk.open_node("my-rmp");
    scene.desk.send(other, {FetchParts{message.subject, 1, 0, 1}});
    CHECK(other.error() == "not_in_mailbox");
    CHECK_FALSE(other.take<PartData>());
}
