// Products of a record with a few tokens, for x86-64 with AVX-512 VNNI.
//
// A record is unpacked into bytes step · integer, at most 240. VPDPBUSD multiplies unsigned by
// signed bytes; VPDPWSSD subtracts the offsets times the activations' sums.
#pragma once

#include "activations.hpp"
#include "layout.hpp"

namespace swallow::detail {

// A record as it is stored. `fetch` prefetches the record that lies AHEAD: little by little, as a
// core has few fetches under way at a time.
struct Packed : Stored {
    // Returns the offsets of 16 rows and two step groups, as int16 [row][group].
    __m512i offset(int pair, int half) const {
        return _mm512_cvtepu8_epi16(_mm256_loadu_si256(
            reinterpret_cast<const __m256i*>(offsets + pair * 64 + half * 32)));
    }

    // Returns the scales of 16 rows.
    __m512 scale(int half) const {
        return _mm512_cvtph_ps(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(scales) + half));
    }

    // The steps of 32 rows and a step group: each in both halves of its row's 32 bits, because two
    // bytes of integers are multiplied at once, of which neither exceeds 15 · 16.
    struct Group {
        const uint8_t* integers;
        __m512i step[2];

        // Writes four columns of 32 rows each, 8·i to 8·i + 3 and the next four, as bytes
        // step · integer.
        void columns(int i, __m512i (&out)[2][2]) const {
            const __m512i low = _mm512_set1_epi8(15);
            for (int half = 0; half < 2; ++half) {
                const uint8_t* source = integers + i * 128 + half * 64;
                prefetch(source + AHEAD);
                const __m512i both = _mm512_loadu_si512(source);
                const __m512i first = _mm512_and_si512(both, low);
                const __m512i second = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
                out[0][half] = _mm512_mullo_epi16(first, step[half]);
                out[1][half] = _mm512_mullo_epi16(second, step[half]);
            }
        }
    };

    Group group(int index) const {
        const int pair = index / 2;
        prefetch(offsets + pair * 64 + AHEAD);
        prefetch(steps + pair * 32 + AHEAD);
        Group result{record + index * (BLOCK * STEP_GROUP / 2), {}};
        for (int half = 0; half < 2; ++half) {
            const __m512i both = _mm512_cvtepu8_epi32(_mm_loadu_si128(
                reinterpret_cast<const __m128i*>(steps + pair * 32 + half * 16)));
            const __m512i less_one = _mm512_and_si512(
                _mm512_srli_epi32(both, index % 2 * 4), _mm512_set1_epi32(15));
            const __m512i twice = _mm512_or_si512(less_one, _mm512_slli_epi32(less_one, 16));
            result.step[half] = _mm512_add_epi16(twice, _mm512_set1_epi16(1));
        }
        return result;
    }
};

// The same unpacked once for several tiles.
struct Unpacked {
    alignas(64) uint8_t bytes[MOST * BLOCK];  // step · integer, [four columns][32 rows][4]
    __m512i offsets[MOST / PAIR][2];
    __m512 scales[2];
    int count;

    int pairs() const { return count; }
    __m512i offset(int pair, int half) const { return offsets[pair][half]; }
    __m512 scale(int half) const { return scales[half]; }

    struct Group {
        const uint8_t* bytes;

        void columns(int i, __m512i (&out)[2][2]) const {
            for (int four = 0; four < 2; ++four) {
                for (int half = 0; half < 2; ++half) {
                    out[four][half] = _mm512_load_si512(bytes + i * 256 + four * 128 + half * 64);
                }
            }
        }
    };

    Group group(int index) const { return {bytes + index * (BLOCK * STEP_GROUP)}; }

    void unpack(const Packed& packed) {
        count = packed.pairs();
        for (int index = 0; index < 2 * count; ++index) {
            const auto group = packed.group(index);
            for (int i = 0; i < STEP_GROUP / 8; ++i) {
                __m512i columns[2][2];
                group.columns(i, columns);
                auto* to = bytes + index * (BLOCK * STEP_GROUP) + i * 256;
                for (int four = 0; four < 2; ++four) {
                    for (int half = 0; half < 2; ++half) {
                        _mm512_store_si512(to + four * 128 + half * 64, columns[four][half]);
                    }
                }
            }
        }
        for (int half = 0; half < 2; ++half) {
            for (int pair = 0; pair < count; ++pair) {
                offsets[pair][half] = packed.offset(pair, half);
            }
            scales[half] = packed.scale(half);
        }
    }
};

// Adds one record times TOKENS tokens to their results [TOKENS][32] float32; `sums` has `stride`
// integers for each token. Weights are `Packed` or `Unpacked`.
template <int TOKENS, class Weights>
inline void add_record(const Weights& weights, const int8_t* bytes, const float* scales,
                       const int32_t* sums, int stride, float* results) {
    __m512i sum0[TOKENS], sum1[TOKENS];
    for (int i = 0; i < TOKENS; ++i) sum0[i] = sum1[i] = _mm512_setzero_si512();
    const auto* fours = reinterpret_cast<const Four*>(bytes);
    for (int index = 0; index < 2 * weights.pairs(); ++index) {
        const auto group = weights.group(index);
#pragma GCC unroll 4
        for (int i = 0; i < STEP_GROUP / 8; ++i) {
            __m512i columns[2][2];
            group.columns(i, columns);
            for (int four = 0; four < 2; ++four) {
                for (int token = 0; token < TOKENS; ++token) {
                    const __m512i values = _mm512_set1_epi32(*fours++);
                    sum0[token] = _mm512_dpbusd_epi32(sum0[token], columns[four][0], values);
                    sum1[token] = _mm512_dpbusd_epi32(sum1[token], columns[four][1], values);
                }
            }
        }
    }
    for (int pair = 0; pair < weights.pairs(); ++pair) {
        const __m512i offset0 = weights.offset(pair, 0), offset1 = weights.offset(pair, 1);
        for (int token = 0; token < TOKENS; ++token) {
            const __m512i both = _mm512_set1_epi32(sums[token * stride + pair]);
            sum0[token] = _mm512_dpwssd_epi32(sum0[token], offset0, both);
            sum1[token] = _mm512_dpwssd_epi32(sum1[token], offset1, both);
        }
    }
    const __m512 scale0 = weights.scale(0), scale1 = weights.scale(1);
    for (int token = 0; token < TOKENS; ++token) {
        const __m512 scale = _mm512_set1_ps(scales[token]);
        float* result = results + token * BLOCK;
        const __m512 exact0 = _mm512_cvtepi32_ps(sum0[token]);
        const __m512 exact1 = _mm512_cvtepi32_ps(sum1[token]);
        _mm512_storeu_ps(result, _mm512_fmadd_ps(exact0, _mm512_mul_ps(scale, scale0),
                                                 _mm512_loadu_ps(result)));
        _mm512_storeu_ps(result + 16, _mm512_fmadd_ps(exact1, _mm512_mul_ps(scale, scale1),
                                                      _mm512_loadu_ps(result + 16)));
    }
}

}  // namespace swallow::detail
