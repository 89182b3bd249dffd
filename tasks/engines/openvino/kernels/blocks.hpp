// Products of a few tokens with a 4-bit matrix, for x86-64 with AVX-512 VNNI.
//
// A matrix [out, in] is kept in blocks of 32 rows (columns of the product). A block is one record
// per group of 128 weights along a row: 2048 bytes of weights, two to a byte, in the order the loop
// below reads them, then 32 float16 scales. So every thread reads one stream of memory from its
// start to its end, and needs nothing else from it.
//
// Activations are rounded to 8 bits, each group of 128 with its own scale. Weights are kept as
// w + 8, 0 to 15, because VPDPBUSD multiplies unsigned by signed bytes; what that adds to a sum,
// 8 times the sum of the activations, is taken off at its start. Sums of a group are exact
// integers, and groups are added in one order: a token's result does not depend on the others.
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
constexpr int STEPS = GROUP / 4;  // VPDPBUSD takes four neighbours at a time
constexpr int RECORD = BLOCK * GROUP / 2 + BLOCK * 2;

// Six tokens at a time: their 12 sums, the unpacked weights and a broadcast value fit into
// registers with room to run ahead. Measured: 1,975 GOPS with six, 1,800 with eight, 1,640 with 12.
constexpr int TILE = 6;

// Records fetched ahead of use, so that memory never waits for arithmetic.
constexpr int AHEAD = 4;

// Tokens a block is multiplied with before it starts anew: their sums stay in the first cache.
constexpr int SLAB = 96;

// Tokens rounded to 8 bits: for each group and each tile of tokens, [step][token][4] bytes.
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
        place_.resize(tokens);
        for (int tile = 0, token = 0; tile < tiles; ++tile) {
            for (int i = 0; i < tiles_[tile]; ++i) place_[token + i] = {token, tiles_[tile]};
            token += tiles_[tile];
        }
    }

    int tokens() const { return tokens_; }
    int groups() const { return groups_; }
    const std::vector<int>& tiles() const { return tiles_; }
    const int8_t* bytes(int group, int first) const { return &bytes_[at(group, first) * GROUP]; }
    const float* scales(int group, int first) const { return &scales_[at(group, first)]; }
    const int32_t* starts(int group, int first) const { return &starts_[at(group, first)]; }

    // Rounds 128 values of one token.
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
        if (unordered || !std::isfinite(most)) {  // what is not finite makes its products NaN
            for (auto& part : v) part = _mm512_setzero_ps();
            most = std::numeric_limits<float>::quiet_NaN();
        }
        // Below that, the inverse would not be finite; to anything else it is nothing.
        const __m512 inverse = _mm512_set1_ps(most > 1e-30f ? 127 / most : 0);
        const auto [first, count] = place_[token];
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

    // Rounds all of one token's values.
    void set(int token, const float* values) {
        for (int group = 0; group < groups_; ++group) set(token, group, values + group * GROUP);
    }

private:
    struct Place {
        int first, count;  // of the tile a token is in
    };

    size_t at(int group, int token) const { return static_cast<size_t>(group) * tokens_ + token; }

    int tokens_ = 0, groups_ = 0;
    std::vector<int8_t> bytes_;
    std::vector<float> scales_;
    std::vector<int32_t> starts_;
    std::vector<int> tiles_;
    std::vector<Place> place_;
};

namespace detail {

// Four bytes at once, whatever they are stored as.
using Four = int32_t __attribute__((may_alias));

// Adds one record times TOKENS tokens to their sums, [TOKENS][32] float32.
template <int TOKENS>
inline void record(const uint8_t* weights, __m512 scale0, __m512 scale1, const uint8_t* ahead,
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
        const __m512i early0 = _mm512_and_si512(both0, low);
        const __m512i early1 = _mm512_and_si512(both1, low);
        const __m512i late0 = _mm512_and_si512(_mm512_srli_epi16(both0, 4), low);
        const __m512i late1 = _mm512_and_si512(_mm512_srli_epi16(both1, 4), low);
        const auto* fours = reinterpret_cast<const Four*>(bytes) + 2 * pair * TOKENS;
        for (int i = 0; i < TOKENS; ++i) {
            const __m512i values = _mm512_set1_epi32(fours[i]);
            sum0[i] = _mm512_dpbusd_epi32(sum0[i], early0, values);
            sum1[i] = _mm512_dpbusd_epi32(sum1[i], early1, values);
        }
        for (int i = 0; i < TOKENS; ++i) {
            const __m512i values = _mm512_set1_epi32(fours[TOKENS + i]);
            sum0[i] = _mm512_dpbusd_epi32(sum0[i], late0, values);
            sum1[i] = _mm512_dpbusd_epi32(sum1[i], late1, values);
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

template <typename... Arguments>
inline void record_of(int tokens, Arguments... arguments) {
    static_assert(TILE == 6);
    switch (tokens) {
        case 1: return record<1>(arguments...);
        case 2: return record<2>(arguments...);
        case 3: return record<3>(arguments...);
        case 4: return record<4>(arguments...);
        case 5: return record<5>(arguments...);
        default: return record<6>(arguments...);
    }
}

}  // namespace detail

// Writes a block's 32 columns of the product into `sums`, [tokens][32].
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
            // Only the first tile waits for memory; the others find the record in the cache.
            const uint8_t* ahead = weights + AHEAD * RECORD;
            for (size_t i = tile, at = token; i < last; at += tiles[i++]) {
                const int first = static_cast<int>(at);
                detail::record_of(tiles[i], weights, scale0, scale1, ahead, x.bytes(group, first),
                                  x.scales(group, first), x.starts(group, first),
                                  sums + at * BLOCK);
                ahead = nullptr;
            }
        }
        tile = last;
        token = end;
    }
}

}  // namespace swallow
