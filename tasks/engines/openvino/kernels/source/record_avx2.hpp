// Products of a record with a few tokens, for x86-64 with AVX2.
//
// VPMADDUBSW multiplies unsigned integers of 4 bits by signed bytes and adds two products. Over the
// 32 columns of a step, 16 such sums stay below 15 · 127 · 16 = 30,480, within 16 bits; VPMADDWD
// multiplies them by the step, and the activations' sums by the offsets. So all is exact, and the
// results are those of AVX-512.
#pragma once

#include "activations.hpp"
#include "layout.hpp"

namespace swallow::detail {

// Returns the 32 bytes at `at`.
inline __m256i load_bytes(const uint8_t* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

// A record as it is stored. Rows are taken by 16, a half of the record.
struct Packed : Stored {
    // Returns the offsets of eight rows and two step groups, as int16 [row][group].
    __m256i offset(int pair, int eight) const {
        return _mm256_cvtepu8_epi16(_mm_loadu_si128(
            reinterpret_cast<const __m128i*>(offsets + pair * 64 + eight * 16)));
    }

    // Returns the steps of eight rows and step group `index`, as int16 twice for each row.
    __m256i step(int index, int eight) const {
        const __m256i both = _mm256_cvtepu8_epi32(_mm_loadl_epi64(
            reinterpret_cast<const __m128i*>(steps + index / 2 * 32 + eight * 8)));
        const __m256i shifted = index % 2 ? _mm256_srli_epi32(both, 4) : both;
        const __m256i less_one = _mm256_and_si256(shifted, _mm256_set1_epi32(15));
        const __m256i twice = _mm256_or_si256(less_one, _mm256_slli_epi32(less_one, 16));
        return _mm256_add_epi16(twice, _mm256_set1_epi16(1));
    }

    // Returns the scales of eight rows.
    __m256 scale(int eight) const {
        return _mm256_cvtph_ps(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(scales) + eight));
    }

    // Writes four columns of 16 rows, 8·i to 8·i + 3, and the next four, as bytes of integers.
    void columns(int i, int half, __m256i (&out)[2][2]) const {
        const __m256i low = _mm256_set1_epi8(15);
        const uint8_t* source = record + i * 128 + half * 64;
        prefetch(source + AHEAD);
        for (int eight = 0; eight < 2; ++eight) {
            const __m256i both = load_bytes(source + eight * 32);
            out[0][eight] = _mm256_and_si256(both, low);
            out[1][eight] = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
        }
    }
};

// The same, for several tiles: unpacking again takes less time than more loads would.
struct Unpacked : Packed {
    Unpacked() : Packed{nullptr, 0} {}
    void unpack(const Packed& packed) { static_cast<Packed&>(*this) = packed; }
};

// Adds one record times TOKENS tokens to their results [TOKENS][32] float32; `sums` has `stride`
// integers for each token.
template <int TOKENS>
inline void add_record(const Packed& weights, const int8_t* bytes, const float* scales,
                       const int32_t* sums, int stride, float* results) {
    for (int half = 0; half < 2; ++half) {
        __m256i total[TOKENS][2];
        for (auto& of_token : total) of_token[0] = of_token[1] = _mm256_setzero_si256();
        const auto* fours = reinterpret_cast<const Four*>(bytes);
        for (int index = 0; index < 2 * weights.pairs(); ++index) {
            __m256i part[TOKENS][2];
            for (auto& of_token : part) of_token[0] = of_token[1] = _mm256_setzero_si256();
#pragma GCC unroll 4
            for (int i = 0; i < STEP_GROUP / 8; ++i) {
                __m256i columns[2][2];
                weights.columns(index * (STEP_GROUP / 8) + i, half, columns);
                for (int four = 0; four < 2; ++four) {
                    for (int token = 0; token < TOKENS; ++token) {
                        const __m256i values = _mm256_set1_epi32(*fours++);
                        for (int eight = 0; eight < 2; ++eight) {
                            part[token][eight] = _mm256_add_epi16(
                                part[token][eight],
                                _mm256_maddubs_epi16(columns[four][eight], values));
                        }
                    }
                }
            }
            for (int eight = 0; eight < 2; ++eight) {
                const __m256i step = weights.step(index, 2 * half + eight);
                for (int token = 0; token < TOKENS; ++token) {
                    total[token][eight] = _mm256_add_epi32(
                        total[token][eight], _mm256_madd_epi16(part[token][eight], step));
                }
            }
        }
        for (int eight = 0; eight < 2; ++eight) {
            for (int pair = 0; pair < weights.pairs(); ++pair) {
                const __m256i offset = weights.offset(pair, 2 * half + eight);
                for (int token = 0; token < TOKENS; ++token) {
                    const __m256i both = _mm256_set1_epi32(sums[token * stride + pair]);
                    total[token][eight] = _mm256_add_epi32(total[token][eight],
                                                           _mm256_madd_epi16(offset, both));
                }
            }
            const __m256 scale = weights.scale(2 * half + eight);
            for (int token = 0; token < TOKENS; ++token) {
                float* result = results + token * BLOCK + half * 16 + eight * 8;
                const __m256 exact = _mm256_cvtepi32_ps(total[token][eight]);
                const __m256 factor = _mm256_mul_ps(_mm256_set1_ps(scales[token]), scale);
                _mm256_storeu_ps(result,
                                 _mm256_fmadd_ps(exact, factor, _mm256_loadu_ps(result)));
            }
        }
    }
}

}  // namespace swallow::detail
