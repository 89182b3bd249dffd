// Products of tokens with a 4-bit matrix (`layout.hpp`), for x86-64 with AVX2 or AVX-512 VNNI.
//
// The sums of a record are exact integers, and records are added in one order: the result of a
// token does not depend on the other tokens.
#pragma once

#include "activations.hpp"
#include "layout.hpp"
#ifdef SWALLOW_AVX512
#include "record_avx512.hpp"
#else
#include "record_avx2.hpp"
#endif

namespace swallow {

// Tokens that a block is multiplied with before it is read again for the next ones: their results,
// 12 KB, stay in the first-level cache.
constexpr int SLAB = 96;

namespace detail {

// Calls `add_record` for a tile of `tokens` tokens.
template <class Weights, typename... Arguments>
inline void add_record_for(int tokens, const Weights& weights, Arguments... arguments) {
    static_assert(TILE <= 8);
    switch (tokens) {
        case 1: return add_record<1>(weights, arguments...);
        case 2: return add_record<2>(weights, arguments...);
        case 3: return add_record<3>(weights, arguments...);
        case 4: return add_record<4>(weights, arguments...);
#ifdef SWALLOW_AVX512
        case 5: return add_record<5>(weights, arguments...);
        case 6: return add_record<6>(weights, arguments...);
        case 7: return add_record<7>(weights, arguments...);
        case 8: return add_record<8>(weights, arguments...);
#endif
    }
}

}  // namespace detail

// Writes a block's 32 columns of the product with a part of x into `results` [tokens][32] float32.
// Compiled once: inlined wherever it is called, it would take most of the compiler's time.
[[gnu::noinline]] inline void multiply_block(const uint8_t* block, const Activations& x,
                           const Activations::Part& part, float* results) {
    std::memset(results, 0, sizeof(float) * part.tokens * BLOCK);
    const auto& tiles = x.tiles();
    detail::Unpacked unpacked;
    for (size_t tile = part.tile, token = part.token; tile < part.end;) {
        size_t last = tile, end = token;
        while (last < part.end && end - token < SLAB) end += tiles[last++];
        for (int record = 0; record < x.records(); ++record) {
            const uint8_t* packed = block + static_cast<size_t>(record) * record_bytes(GROUP);
            const detail::Packed weights{packed, x.width(record)};
            if (last == tile + 1) {
                const int first = static_cast<int>(token);
                detail::add_record_for(tiles[tile], weights, x.bytes(record, first),
                                       x.scales(record, first), x.sums(record, first), x.pairs(),
                                       results + (token - part.token) * BLOCK);
                continue;
            }
            unpacked.unpack(weights);
            for (size_t i = tile, at = token; i < last; at += tiles[i++]) {
                const int first = static_cast<int>(at);
                detail::add_record_for(tiles[i], unpacked, x.bytes(record, first),
                                       x.scales(record, first), x.sums(record, first), x.pairs(),
                                       results + (at - part.token) * BLOCK);
            }
        }
        tile = last;
        token = end;
    }
}

}  // namespace swallow
