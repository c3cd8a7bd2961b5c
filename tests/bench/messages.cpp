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

}  // namespace sampan::bench
