// Products of a few tokens with a 4-bit matrix, for x86-64 with AVX-512 VNNI.
//
// A matrix [out, in] is stored in blocks of 32 rows (32 columns of the product), each a record for
// every group of 128 columns: 2048 bytes of weights, then the 32 rows' scales as float16. So a
// thread reads its blocks from memory in order. `convert/pack.py` describes the layout exactly.
//
// Activations are rounded to 8 bits, with a scale for each token and group of 128. Weights are
// stored as w + 8, 0 to 15, because VPDPBUSD multiplies unsigned by signed bytes; that adds 8 times
// the sum of the activations to a sum, which therefore starts at -8 times that sum. The sums of a
// group are exact integers, and groups are added in one order: the result of a token does not
// depend on the other tokens.
#pragma once

#include <immintrin.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace swallow {

constexpr int GROUP = 128;
constexpr int BLOCK = 32;
constexpr int STEPS = GROUP / 4;  // VPDPBUSD multiplies four neighbouring columns at a time
constexpr int RECORD = BLOCK * GROUP / 2 + BLOCK * 2;  // bytes: 4-bit weights, float16 scales

// Tokens multiplied at a time. The 12 sums of six tokens, the unpacked weights and a broadcast
// value leave some of the 32 registers free. Measured: 1,975 GOPS with six, 1,800 with eight, 1,640
// with 12.
constexpr int TILE = 6;

// How many records ahead of the current one are prefetched, so that arithmetic does not wait for
// memory.
constexpr int AHEAD = 4;

// Tokens that a block is multiplied with before it is read again for the next ones: their sums,
// 12 KB, stay in the first-level cache.
constexpr int SLAB = 96;

// Activations [tokens][columns] rounded to 8 bits. Tokens are divided into tiles of at most TILE,
// as equal as possible. Bytes are stored as [group][tile][step][token of the tile][4], so that a
// tile's bytes of a step lie together; scales and starts as [group][token].
class Activations {
public:
    void resize(int tokens, int columns) {
        tokens_ = tokens;
        groups_ = columns / GROUP;
        const auto each = static_cast<size_t>(tokens) * groups_;
        bytes_.resize(each * GROUP);
        scales_.resize(each);
        starts_.resize(each);
        tiles_.clear();
        const int tiles = (tokens + TILE - 1) / TILE;
        for (int tile = 0; tile < tiles; ++tile) {
            tiles_.push_back(tokens / tiles + (tile < tokens % tiles));
        }
        tile_of_.resize(tokens);
        for (int tile = 0, token = 0; tile < tiles; ++tile) {
            for (int i = 0; i < tiles_[tile]; ++i) tile_of_[token + i] = {token, tiles_[tile]};
            token += tiles_[tile];
        }
    }

    int tokens() const { return tokens_; }
    int groups() const { return groups_; }
    const std::vector<int>& tiles() const { return tiles_; }
    // Of `group`, from token `first` on, which begins a tile.
    const int8_t* bytes(int group, int first) const { return &bytes_[at(group, first) * GROUP]; }
    const float* scales(int group, int first) const { return &scales_[at(group, first)]; }
    const int32_t* starts(int group, int first) const { return &starts_[at(group, first)]; }

    // Rounds the 128 values of one token and group: to integers -127 to 127 and the scale
    // largest / 127.
    void set(int token, int group, const float* values) {
        __m512 v[GROUP / 16];
        __m512 largest = _mm512_setzero_ps();
        __mmask16 unordered = 0;
        for (int i = 0; i < GROUP / 16; ++i) {
            v[i] = _mm512_loadu_ps(values + 16 * i);
            largest = _mm512_max_ps(largest, _mm512_abs_ps(v[i]));
            unordered |= _mm512_cmp_ps_mask(v[i], v[i], _CMP_UNORD_Q);
        }
        float most = _mm512_reduce_max_ps(largest);
        if (unordered || !std::isfinite(most)) {  // its products become NaN
            for (auto& part : v) part = _mm512_setzero_ps();
            most = std::numeric_limits<float>::quiet_NaN();
        }
        // Below 1e-30 the inverse might not be finite; such values are rounded to 0.
        const __m512 inverse = _mm512_set1_ps(most > 1e-30f ? 127 / most : 0);
        const auto [first, count] = tile_of_[token];
        auto* out = &bytes_[at(group, first) * GROUP] + 4 * (token - first);
        __m512i sum = _mm512_setzero_si512();
        for (int i = 0; i < GROUP / 16; ++i) {
            const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(v[i], inverse));
            sum = _mm512_add_epi32(sum, rounded);
            alignas(16) int32_t fours[4];
            _mm_store_si128(reinterpret_cast<__m128i*>(fours), _mm512_cvtsepi32_epi8(rounded));
            for (int j = 0; j < 4; ++j) {
                std::memcpy(out + static_cast<ptrdiff_t>(4 * i + j) * count * 4, &fours[j], 4);
            }
        }
        scales_[at(group, token)] = most / 127;
        starts_[at(group, token)] = -8 * _mm512_reduce_add_epi32(sum);
    }

    // Rounds all values of one token.
    void set(int token, const float* values) {
        for (int group = 0; group < groups_; ++group) set(token, group, values + group * GROUP);
    }

private:
    struct Tile {
        int first, count;  // its first token, its number of tokens
    };

    size_t at(int group, int token) const { return static_cast<size_t>(group) * tokens_ + token; }

    int tokens_ = 0, groups_ = 0;
    std::vector<int8_t> bytes_;
    std::vector<float> scales_;
    std::vector<int32_t> starts_;  // -8 times the sum of a group's integers
    std::vector<int> tiles_;       // tokens in each tile
    std::vector<Tile> tile_of_;
};

namespace detail {

// Four bytes read as one integer, which the compiler's aliasing rules otherwise forbid.
using Four = int32_t __attribute__((may_alias));

// Adds one record times TOKENS tokens to their sums [TOKENS][32] float32. `scale0` and `scale1` are
// the scales of rows 0 to 15 and 16 to 31, `ahead` is the record to prefetch or nullptr.
template <int TOKENS>
inline void add_record(const uint8_t* weights, __m512 scale0, __m512 scale1, const uint8_t* ahead,
                       const int8_t* bytes, const float* scales, const int32_t* starts, float* sums) {
    __m512i sum0[TOKENS], sum1[TOKENS];
    for (int i = 0; i < TOKENS; ++i) sum0[i] = sum1[i] = _mm512_set1_epi32(starts[i]);
    const __m512i low = _mm512_set1_epi8(15);
    for (int pair = 0; pair < STEPS / 2; ++pair) {
        const __m512i both0 = _mm512_loadu_si512(weights + pair * 128);
        const __m512i both1 = _mm512_loadu_si512(weights + pair * 128 + 64);
        if (ahead) {
            _mm_prefetch(reinterpret_cast<const char*>(ahead + pair * 128), _MM_HINT_T0);
            _mm_prefetch(reinterpret_cast<const char*>(ahead + pair * 128 + 64), _MM_HINT_T0);
        }
        // The low halves are the weights of the pair's first step, the high ones of its second.
        const __m512i first0 = _mm512_and_si512(both0, low);
        const __m512i first1 = _mm512_and_si512(both1, low);
        const __m512i second0 = _mm512_and_si512(_mm512_srli_epi16(both0, 4), low);
        const __m512i second1 = _mm512_and_si512(_mm512_srli_epi16(both1, 4), low);
        const auto* fours = reinterpret_cast<const Four*>(bytes) + 2 * pair * TOKENS;
        for (int i = 0; i < TOKENS; ++i) {
            const __m512i values = _mm512_set1_epi32(fours[i]);
            sum0[i] = _mm512_dpbusd_epi32(sum0[i], first0, values);
            sum1[i] = _mm512_dpbusd_epi32(sum1[i], first1, values);
        }
        for (int i = 0; i < TOKENS; ++i) {
            const __m512i values = _mm512_set1_epi32(fours[TOKENS + i]);
            sum0[i] = _mm512_dpbusd_epi32(sum0[i], second0, values);
            sum1[i] = _mm512_dpbusd_epi32(sum1[i], second1, values);
        }
    }
    for (int i = 0; i < TOKENS; ++i) {
        const __m512 scale = _mm512_set1_ps(scales[i]);
        float* sum = sums + i * BLOCK;
        const __m512 exact0 = _mm512_cvtepi32_ps(sum0[i]), exact1 = _mm512_cvtepi32_ps(sum1[i]);
        _mm512_storeu_ps(sum, _mm512_fmadd_ps(exact0, _mm512_mul_ps(scale, scale0),
                                              _mm512_loadu_ps(sum)));
        _mm512_storeu_ps(sum + 16, _mm512_fmadd_ps(exact1, _mm512_mul_ps(scale, scale1),
                                                   _mm512_loadu_ps(sum + 16)));
    }
}

// Calls `add_record` for a tile of `tokens` tokens.
template <typename... Arguments>
inline void add_record_for(int tokens, Arguments... arguments) {
    static_assert(TILE == 6);
    switch (tokens) {
        case 1: return add_record<1>(arguments...);
        case 2: return add_record<2>(arguments...);
        case 3: return add_record<3>(arguments...);
        case 4: return add_record<4>(arguments...);
        case 5: return add_record<5>(arguments...);
        default: return add_record<6>(arguments...);
    }
}

}  // namespace detail

// Writes a block's 32 columns of the product with x into `sums` [tokens][32] float32.
inline void multiply_block(const uint8_t* block, const Activations& x, float* sums) {
    std::memset(sums, 0, sizeof(float) * x.tokens() * BLOCK);
    const auto& tiles = x.tiles();
    for (size_t tile = 0, token = 0; tile < tiles.size();) {
        size_t last = tile, end = token;
        while (last < tiles.size() && end - token < SLAB) end += tiles[last++];
        for (int group = 0; group < x.groups(); ++group) {
            const uint8_t* weights = block + static_cast<size_t>(group) * RECORD;
            const auto* scales = reinterpret_cast<const __m256i*>(weights + BLOCK * GROUP / 2);
            const __m512 scale0 = _mm512_cvtph_ps(_mm256_loadu_si256(scales));
            const __m512 scale1 = _mm512_cvtph_ps(_mm256_loadu_si256(scales + 1));
            // Only the first tile prefetches; the others find the record in the cache.
            const uint8_t* ahead = weights + AHEAD * RECORD;
            for (size_t i = tile, at = token; i < last; at += tiles[i++]) {
                const int first = static_cast<int>(at);
                detail::add_record_for(tiles[i], weights, scale0, scale1, ahead,
                                       x.bytes(group, first), x.scales(group, first),
                                       x.starts(group, first), sums + at * BLOCK);
                ahead = nullptr;
            }
        }
        tile = last;
        token = end;
    }
}

}  // namespace swallow
