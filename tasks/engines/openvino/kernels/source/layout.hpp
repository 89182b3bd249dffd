// How a 4-bit matrix lies in memory.
//
// A matrix [out, in] is stored in blocks of 32 rows (32 columns of the product), each a record for
// every group of 128 columns; the last record of a block may be wider, by 64. So a thread reads its
// blocks from memory in order. `convert/pack.py` describes the layout exactly.
//
// A weight is scale · (step · integer - offset): integers of 4 bits, a step of 1 to 16 and an offset
// of 0 to 255 for each 32 columns of a row, a float16 scale for each row of a record.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace swallow {

constexpr int GROUP = 128;     // columns of a record, but for the last of a block
constexpr int MOST = 192;      // columns of a record at most
constexpr int PAIR = 64;       // columns of two step groups, whose steps share a byte
constexpr int STEP_GROUP = 32;
constexpr int BLOCK = 32;

// Bytes of a record of `width` columns: integers, offsets, steps, float16 scales.
constexpr int record_bytes(int width) {
    return BLOCK * width / 2 + BLOCK * width / STEP_GROUP + BLOCK * width / PAIR + BLOCK * 2;
}

// Returns the number of records of a block of `columns` columns; they must be a multiple of 64.
constexpr int records_of(int columns) { return columns / GROUP; }

// Returns the columns of record `index`: what is left in the last one.
constexpr int width_of(int index, int columns) {
    return index + 1 < records_of(columns) ? GROUP : columns - index * GROUP;
}

// Returns the bytes of a block of `columns` columns.
constexpr int64_t block_bytes(int64_t columns) {
    return (columns / GROUP - 1) * record_bytes(GROUP) +
           record_bytes(static_cast<int>(columns - (columns / GROUP - 1) * GROUP));
}

// Four bytes read as one integer, which the compiler's aliasing rules otherwise forbid.
using Four = int32_t __attribute__((may_alias));

// The parts of a stored record of `width` columns.
struct Stored {
    const uint8_t* record;
    int width;
    const uint8_t* offsets = record + BLOCK * width / 2;
    const uint8_t* steps = offsets + BLOCK * width / STEP_GROUP;
    const uint8_t* scales = steps + BLOCK * width / PAIR;

    int pairs() const { return width / PAIR; }
};

// How many bytes ahead of the current record are prefetched, so that arithmetic does not wait for
// memory.
constexpr int AHEAD = 4 * record_bytes(GROUP);

// Fetches the 64 bytes at `at` into the cache.
inline void prefetch(const uint8_t* at) {
    _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0);
}

}  // namespace swallow
