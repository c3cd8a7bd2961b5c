// What a node states about itself: descriptors, prekey bundles, and the file that a first descriptor is kept
// in.
#include "fuzz/fuzz.h"
#include "sampan/identity/key_store.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::round_trip(in, "a descriptor is written as it was read", decode_descriptor, encode_descriptor);
    fuzz::round_trip(in, "a prekey bundle is written as it was read", decode_prekey_bundle,
                     encode_prekey_bundle);
    fuzz::round_trip(in, "a statement's file is written as it was read", decode_statement_file,
                     encode_statement_file);
}
