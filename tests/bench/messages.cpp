#include "bench/messages.h"

#include "sampan/crypto/random.h"

namespace sampan::bench {

using test::must;

Submit PreparedMessages::submit(std::size_t index) const {
    const Prepared& message = messages[index];
    return {message.seal, message.signature, stanzas, body};
}

PreparedMessages prepare(test::Exchange& exchange, const std::string& sender,
                         const std::vector<PreparedReader>& readers, std::size_t text_bytes,
                         std::size_t count) {
    std::vector<std::string> to;
    for (const PreparedReader& reader : readers) to.push_back(reader.agency);
    SealRequest request = exchange.request(sender, to, std::string(text_bytes, 'x'));
    for (std::size_t i = 0; i < readers.size(); ++i)
        request.recipients[i].bundle_index = readers[i].bundle_index;
    const SealedMessage first = exchange.seal(sender, std::move(request));

    PreparedMessages out;
    out.body = first.body;
    for (const Stanza& stanza : first.stanzas) append(out.stanzas, stanza.view());
    Seal seal = must(decode_seal(first.seal));
    Header header = first.header;
    const Signer& signer = *exchange.agency(sender).node;
    out.messages.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        header.message_id = random_bytes<MessageId>();
        seal.header = encode_header(header);
        Prepared& message = out.messages.emplace_back();
        message.seal = encode_seal(seal);
        message.signature = must(signer.sign(Purpose::message, message.seal));
    }
    return out;
}

PartFramePacket PreparedAttachment::frame(std::uint64_t index) const {
    const auto first = static_cast<std::size_t>(index * limits::k_part_frame_bytes);
    const ByteView data = ByteView(ciphertext).subspan(first);
    return {message_id, 1, index, to_bytes(data.first(std::min(data.size(), limits::k_part_frame_bytes))),
            proofs[static_cast<std::size_t>(index)]};
}

PreparedAttachment prepare_attachment(test::Exchange& exchange, const std::string& folder,
                                      const std::string& sender, const std::vector<PreparedReader>& readers,
                                      std::size_t bytes) {
    FileSystem& files = system_files();
    const std::string plain = folder + "/attachment", cipher = folder + "/attachment.part";
    Bytes content(bytes);
    random_fill(content);
    must(write_file(files, plain, content, Replace::yes, 0600));
    SealedPart part = [&] {
        const auto source = must(files.open_read(plain)), target = must(files.open_write(cipher));
        return must(seal_part(*source, *target, {}));
    }();
    PreparedAttachment out;
    out.ciphertext = must(read_file(files, cipher, static_cast<std::size_t>(part.description.size)));
    out.proofs = part.tree.proofs();
    must(files.remove(plain));
    must(files.remove(cipher));

    std::vector<std::string> to;
    for (const PreparedReader& reader : readers) to.push_back(reader.agency);
    SealRequest request = exchange.request(sender, to, "An attachment.");
    for (std::size_t i = 0; i < readers.size(); ++i)
        request.recipients[i].bundle_index = readers[i].bundle_index;
    request.parts = {part.description};
    request.content.attachments.push_back({"attachment", "application/octet-stream", part.plaintext_size,
                                           part.plaintext_sha256, std::move(part.key)});
    SealedMessage sealed = exchange.seal(sender, std::move(request));
    out.message_id = sealed.header.message_id;
    out.submit = {std::move(sealed.seal), sealed.signature, {}, std::move(sealed.body)};
    for (const Stanza& stanza : sealed.stanzas) append(out.submit.stanzas, stanza.view());
    return out;
}

}  // namespace sampan::bench
