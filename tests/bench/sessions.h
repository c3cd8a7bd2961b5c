// What a session costs: many agencies connect at once, to the broker, and to a bare ROUTER with CURVE and ZAP
// in a process of its own.
#pragma once

#include <cstddef>

namespace sampan::bench {

struct SessionCost {
    double per_second = 0;       // from the first connect until the last session was open
    double kib_per_session = 0;  // resident memory of the serving processes: what it grew by
};
SessionCost connect_to_broker(std::size_t sessions);
SessionCost connect_to_bare_router(std::size_t sessions);
// The bare process's own main: prints its endpoint, serves until its standard input ends.
int serve_bare_router();

}  // namespace sampan::bench
