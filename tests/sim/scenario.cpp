#include "sim/scenario.h"

#include "sim/oracle.h"

namespace sampan::sim {

using test::must;

namespace {

constexpr std::int64_t k_revocation_ms = 5'000;  // within this time it binds (G10)

Header header_of(ByteView seal, const Ed25519Signature& signature) {
    return must(SignedSeal::parse(seal, signature.view())).header;
}

test::ExchangeOptions options_for(const Plan& plan) {
    return test::ExchangeOptions::of_size(plan.agencies);
}

}  // namespace

Scenario::Scenario(const Plan& plan) : plan_(plan), world_(plan) {
    seed_entropy(plan.seed);
    switch_off(plan.defect == Defect::no_checks ? Check::all : plan.off);
    exchange_ = std::make_unique<test::Exchange>(options_for(plan));
    epochs_at_.push_back(world_.now());
    const std::size_t count = exchange_->agencies().size();
    Network::Ends ends;
    ends.to_broker = [this](ConnectionId connection, std::size_t node, Bytes frame) {
        broker_->take_frame(connection, nodes_[node]->agency(), std::move(frame));
    };
    ends.broker_lost = [this](ConnectionId connection) { broker_->take_end(connection); };
    ends.to_node = [this](std::size_t node, const Bytes& frame) { nodes_[node]->take_frame(frame); };
    ends.node_lost = [this](std::size_t node, const std::string& why) { nodes_[node]->take_lost(why); };
    network_ = std::make_unique<Network>(world_, count, std::move(ends));
    if (plan.defect == Defect::unheard_answers)
        network_->drop_towards_nodes([](const Bytes& frame) {
            const auto packets = must(decode_frame(frame));
            return std::any_of(packets.begin(), packets.end(),
                               [](const Packet& packet) { return std::holds_alternative<Answers>(packet); });
        });
    BrokerProcess::Line line{
        [this](ConnectionId connection, Bytes frame) { network_->from_broker(connection, std::move(frame)); },
        [this](ConnectionId connection) { network_->broker_ends(connection); }};
    broker_ = std::make_unique<BrokerProcess>(world_, *exchange_, std::move(line),
                                              static_cast<BrokerWatch&>(*this));
    for (std::size_t i = 0; i < count; ++i) {
        const AgencyId& agency = exchange_->agencies()[i];
        NodeProcess::Line own{[this, i](Bytes frame) { network_->from_node(i, std::move(frame)); },
                              [this, i] { network_->node_ends(i); }, [this, i] { return connect(i); }};
        nodes_.push_back(std::make_unique<NodeProcess>(world_, *exchange_, agency.text(), std::move(own)));
        by_agency_[agency] = i;
        nodes_.back()->on_change = [this](NodeProcess& node) { see(node); };
    }
}

Scenario::~Scenario() {
    switch_off(Check::none);
}

bool Scenario::connect(std::size_t index) {
    if (!broker_->running() || !broker_->allows(nodes_[index]->agency())) return false;
    network_->open(index);
    nodes_[index]->take_connected();
    return true;
}

NodeProcess& Scenario::random_node() {
    return *nodes_[world_.dice().below(nodes_.size())];
}

// --- what happens
Tally Scenario::run() {
    const auto nothing = [] {};
    world_.run_until(6'000, nothing);  // all are up, and have one another's prekeys
    const auto count = static_cast<std::int64_t>(plan_.messages);
    for (std::int64_t i = 0; i < count; ++i)
        world_.after(world_.dice().between(0, plan_.faulty_ms), [this] { publish(); });
    for (std::int64_t at = 0; at < plan_.faulty_ms; at += world_.dice().between(50, 900))
        world_.after(at, [this] { something_happens(); });
    world_.run_until(6'000 + plan_.faulty_ms, nothing);
    heal();
    const std::int64_t healed = world_.elapsed();
    std::string why;
    while (!drained(&why)) {
        require(world_.elapsed() < healed + plan_.heal_ms,
                "G11: not drained " + std::to_string(plan_.heal_ms / 1000) + " s after healing: " + why);
        world_.run_until(world_.elapsed() + 1'000, nothing);
    }
    tally_.drained_ms = world_.elapsed() - healed;
    // What comes again now changes nothing either.
    for (int i = 0; i < 40; ++i) {
        network_->replay_something();
        ++tally_.replays;
    }
    world_.run_until(world_.elapsed() + 5'000, nothing);
    check_end();
    tally_.steps = world_.steps();
    tally_.lost_frames = network_->lost();
    return tally_;
}

void Scenario::something_happens() {
    if (world_.dice().chance(60)) return broker_->back_up();
    if (world_.dice().chance(15)) return restore_of_broker();
    const std::uint64_t which = world_.dice().below(100);
    if (which < 18) return fault_of_broker();
    if (which < 42) return fault_of_node();
    if (which < 70) return fault_of_network();
    if (which < 80) return new_epoch();
    for (int i = 0; i < 5; ++i) network_->replay_something();
    tally_.replays += 5;
}

void Scenario::publish() {
    NodeProcess& sender = random_node();
    std::set<std::string> to;
    for (std::uint64_t i = 0, wanted = 1 + world_.dice().below(3); i < wanted; ++i)
        if (const AgencyId& reader = random_node().agency(); reader != sender.agency())
            to.insert(reader.text());
    if (to.empty()) return;
    const char* const level = world_.dice().chance(500) ? "confidential" : "restricted";
    const std::string title = "Number " + std::to_string(++tally_.published);
    const auto id = sender.publish({to.begin(), to.end()}, level, title);
    if (!id) return;
    const auto row = must(sender.store().outbox_row(*id));
    require(row.has_value(), "G1: an officer was answered, and the message is not in the outbox");
    const Header header = header_of(row->seal, row->signature);
    Promise promise{sender.agency(), {}};
    for (const Recipient& recipient : header.recipients) {
        promise.readers.insert(recipient.agency);
        if (plan_.off != Check::compose)
            require(entitled(sender.core().registry().registry(), recipient.agency, header.label),
                    "G3: " + sender.agency().text() + " wrapped a key for " + recipient.agency.text() +
                        ", which is not entitled");
    }
    world_.note(sender.agency().text() + ": published " + id->hex().substr(0, 8) + " to " +
                std::to_string(promise.readers.size()));
    promises_.emplace(*id, std::move(promise));
}

void Scenario::fault_of_broker() {
    if (!broker_->running()) return;
    ++tally_.crashes;
    switch (world_.dice().below(5)) {
        case 0:
            return broker_->lose_power();
        case 1:
        case 2:
            return broker_->lose_power_in_commit();
        case 3:
            return broker_->fail_disk();
        default:
            world_.note("broker: the disk is full");
            broker_->fill_disk(true);
            world_.after(world_.dice().between(500, 8'000), [this] { broker_->fill_disk(false); });
    }
}

void Scenario::fault_of_node() {
    NodeProcess& node = random_node();
    if (!node.running()) return;
    switch (world_.dice().below(6)) {
        case 0:
            ++tally_.crashes;
            return node.lose_power();
        case 1:
            return node.lose_power_in_commit();
        case 2:
            return node.fail_disk();
        case 3:
            node.fill_disk(true);
            return world_.after(world_.dice().between(500, 8'000), [&node] { node.fill_disk(false); });
        default: {
            static constexpr std::int64_t k_skews[] = {-k_day_ms, -3'600'000, -60'000, 60'000,
                                                       3'600'000, k_day_ms,   0,       0};
            const std::int64_t skew = k_skews[world_.dice().below(std::size(k_skews))];
            world_.note(node.agency().text() + ": clock off by " + std::to_string(skew / 1000) + " s");
            node.set_clock(skew);
        }
    }
}

void Scenario::fault_of_network() {
    const std::size_t node = world_.dice().below(nodes_.size());
    const bool towards_broker = world_.dice().chance(500);
    switch (world_.dice().below(4)) {
        case 0:
            network_->make_hostile(true);
            return world_.after(world_.dice().between(500, 6'000), [this] { network_->make_hostile(false); });
        case 1:
            return network_->node_ends(node), nodes_[node]->take_lost("the cable was pulled");
        default:
            world_.note(nodes_[node]->agency().text() +
                        (towards_broker ? ": is not heard" : ": hears nothing"));
            network_->block(node, towards_broker, true);
            world_.after(world_.dice().between(1'000, 45'000),
                         [this, node, towards_broker] { network_->block(node, towards_broker, false); });
    }
}

void Scenario::new_epoch() {
    if (healing_) return;
    const AgencyId agency = random_node().agency();
    // The control of G10 needs many that are cut off.
    const std::uint64_t what = world_.dice().below(plan_.defect == Defect::deaf_to_epochs ? 1 : 6);
    world_.note("authority: epoch " + std::to_string(tally_.epochs + 2) + ", change " + std::to_string(what) +
                " of " + agency.text());
    exchange_->next_epoch([&](Registry& registry) {
        for (Member& member : registry.members) {
            if (member.id != agency || member.status == MemberStatus::revoked) continue;
            if (what == 0) member.status = MemberStatus::suspended;
            if (what == 1) member.status = MemberStatus::active;
            if (what == 2 && world_.dice().chance(150)) member.status = MemberStatus::revoked;
            if (what == 3) member.clearance = {"restricted", {{"compartment", {"ct"}}}};
            if (what == 4) member.clearance = {"secret", {{"community", {"ajct"}}}};
            if (what == 5) member.clearance = {"secret", {{"community", {"ajct"}}, {"compartment", {"ct"}}}};
        }
    });
    epochs_at_.push_back(world_.now());
    ++tally_.epochs;
}

// As the authority does it: the largest head that a node holds is where the log ended.
void Scenario::restore_of_broker() {
    // The seeded defects are about other things.
    if (healing_ || !broker_->has_backup() || plan_.defect != Defect::none) return;
    const std::string origin = exchange_->registry()->registry().log_origin();
    std::optional<Checkpoint> largest;
    std::string note;
    for (const auto& node : nodes_) {
        if (!node->running() || !node->core().checkpoint() || node->core().checkpoint()->origin != origin)
            continue;
        if (largest && largest->size >= node->core().checkpoint()->size) continue;
        largest = node->core().checkpoint();
        note = node->core().checkpoint_note()->note;
    }
    if (!largest) return;
    ++tally_.restores;
    broker_->restore_backup();
    exchange_->next_epoch([&](Registry& registry) {
        ++registry.incarnation.number;
        registry.incarnation.predecessor_checkpoint = to_bytes(as_bytes(note));
    });
    epochs_at_.push_back(world_.now());
    ++tally_.epochs;
}

void Scenario::heal() {
    healing_ = true;
    world_.note("--- all faults are over");
    broker_->calm();
    for (auto& node : nodes_) {
        node->calm();
        node->set_clock(0);
    }
    exchange_->next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.status == MemberStatus::suspended) member.status = MemberStatus::active;
    });
    epochs_at_.push_back(world_.now());
    network_->heal();
}

// --- what must hold
void Scenario::says(const AgencyId& agency, const Packet& packet) {
    const auto* deliver = std::get_if<Deliver>(&packet);
    if (deliver == nullptr) return;
    ++tally_.delivered;
    const Header header = header_of(deliver->seal, deliver->signature);
    if (plan_.off != Check::deliver)
        require(entitled(broker_->registry().registry(), agency, header.label),
                "G3: the broker delivered to " + agency.text() + " what it is not entitled to");
    // The newest epoch that is old enough to bind, whatever the broker says that it knows.
    const auto& epochs = exchange_->chain().epochs();
    bool active = false;
    for (std::size_t i = epochs.size(); i-- > 0 && !active;) {
        active = is_active(epochs[i]->registry(), agency);
        if (epochs_at_[i] + k_revocation_ms <= world_.now()) break;
    }
    require(active, "G10: the broker delivered to " + agency.text() + " more than 5 s after its revocation");
}

void Scenario::see(NodeProcess& node) {
    const std::uint64_t rows = must(node.store().counts()).inbox_total;
    auto& seen = rows_seen_[node.agency()];
    if (rows == seen) return;
    require(rows > seen, "G1: " + node.agency().text() + " shows fewer messages than before");
    for (const InboxRow& row : must(node.store().inbox(rows - seen))) {
        const Header header = header_of(row.seal, row.signature);
        require(header.index_of(node.agency()).has_value(), "G3: a message for another is shown");
        if (plan_.off != Check::receive)
            require(entitled(node.core().registry().registry(), node.agency(), header.label),
                    "G3: " + node.agency().text() + " shows what it is not entitled to");
    }
    seen = rows;
}

std::size_t Scenario::times_shown(const AgencyId& reader, const MessageId& id) {
    NodeProcess& node = *nodes_[by_agency_.at(reader)];
    const auto rows = must(node.store().inbox_by_prefix(id.hex()));
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const InboxRow& row) { return row.state == InboxState::delivered; }));
}

bool Scenario::settled(const MessageId& id, const Promise& promise, std::string* why) {
    NodeProcess& sender = *nodes_[by_agency_.at(promise.sender)];
    const auto row = must(sender.store().outbox_row(id));
    require(row.has_value(), "G1: message " + id.hex() + " of " + promise.sender.text() +
                                 " was answered to its officer and is gone");
    const auto waits = [&](const std::string& what) {
        *why = id.hex().substr(0, 8) + " of " + promise.sender.text() + ": " + what;
        return false;
    };
    if (row->state == OutboxState::refused) return !row->reason.empty() || waits("refused without a reason");
    for (const RecipientOutcome& outcome : row->outcomes) {
        if (!outcome.code) return waits("no outcome of " + outcome.agency.text());
        const std::size_t shown = times_shown(outcome.agency, id);
        if (*outcome.code == OutcomeCode::delivered)
            require(shown == 1, "G1: " + outcome.agency.text() + " said that it has " + id.hex() +
                                    " and shows it " + std::to_string(shown) + " times");
        else
            require(!outcome.reason.empty(), "G1: an outcome without a reason");
    }
    return row->state == OutboxState::delivered ||
           waits("it is " + std::string(outbox_state_name(row->state)) + " " + row->reason);
}

bool Scenario::drained(std::string* why) {
    if (!broker_->running()) return false;
    for (const auto& node : nodes_)
        if (!node->running()) return false;
    const Registry& registry = exchange_->registry()->registry();
    for (const auto& [id, promise] : promises_)
        if (is_active(registry, promise.sender) && !settled(id, promise, why)) return false;
    return true;
}

void Scenario::check_end() {
    for (const auto& node : nodes_) {
        see(*node);
        std::set<std::string> titles;
        for (const InboxRow& row : must(node->store().inbox(100'000))) {
            const SignedSeal seal = must(SignedSeal::parse(row.seal, row.signature.view()));
            const auto summary = node->core().summary(node::Viewer::whole_agency(), seal.header.label,
                                                      row.subject, row.message_id, row.record);
            require(summary.ok(), "G1: " + node->agency().text() + " cannot open what it shows");
            require(titles.insert(summary->title).second,
                    "G8: " + node->agency().text() + " shows \"" + summary->title + "\" twice");
        }
        require(!node->core().log_problem(),
                "G4: " + node->agency().text() + " says that the log is another");
    }
    for (const auto& [id, promise] : promises_) {
        std::string why;
        NodeProcess& sender = *nodes_[by_agency_.at(promise.sender)];
        const auto row = must(sender.store().outbox_row(id));
        tally_.refused += row && row->state == OutboxState::refused ? 1 : 0;
        for (const RecipientOutcome& outcome : row->outcomes) {
            tally_.withheld += outcome.code == OutcomeCode::withheld ? 1 : 0;
            tally_.rejected += outcome.code == OutcomeCode::rejected ? 1 : 0;
        }
    }
}

}  // namespace sampan::sim
