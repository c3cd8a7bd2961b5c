// The dialogue workspace under load: the fold, one more message, views, search, memory.
#pragma once

namespace sampan::bench {

int run_dialogue();

}  // namespace sampan::bench
