// Sixteen float32 at a time: one register of AVX-512, or two of AVX2. Both give the same results.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace swallow {

constexpr int LANES = 16;

#ifdef SWALLOW_AVX512

struct Floats {
    __m512 v;
};

inline Floats load(const float* at) { return {_mm512_loadu_ps(at)}; }
inline void store(float* at, Floats x) { _mm512_storeu_ps(at, x.v); }
inline Floats all(float x) { return {_mm512_set1_ps(x)}; }
inline Floats operator+(Floats x, Floats y) { return {_mm512_add_ps(x.v, y.v)}; }
inline Floats operator-(Floats x, Floats y) { return {_mm512_sub_ps(x.v, y.v)}; }
inline Floats operator*(Floats x, Floats y) { return {_mm512_mul_ps(x.v, y.v)}; }
inline Floats operator/(Floats x, Floats y) { return {_mm512_div_ps(x.v, y.v)}; }
inline Floats larger(Floats x, Floats y) { return {_mm512_max_ps(x.v, y.v)}; }
inline Floats smaller(Floats x, Floats y) { return {_mm512_min_ps(x.v, y.v)}; }
inline Floats magnitude(Floats x) { return {_mm512_abs_ps(x.v)}; }
// x·y + z
inline Floats fused(Floats x, Floats y, Floats z) { return {_mm512_fmadd_ps(x.v, y.v, z.v)}; }
inline float sum(Floats x) { return _mm512_reduce_add_ps(x.v); }
inline float largest(Floats x) { return _mm512_reduce_max_ps(x.v); }
// Tells whether one of the values is NaN.
inline bool has_nan(Floats x) { return _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q) != 0; }
// The nearest whole numbers.
inline Floats whole(Floats x) {
    return {_mm512_roundscale_ps(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
// x·2^n for whole n of -126 to 127.
inline Floats times_two_to(Floats x, Floats n) { return {_mm512_scalef_ps(x.v, n.v)}; }

// Sixteen int32.
struct Integers {
    __m512i v;
};

inline Integers zeros() { return {_mm512_setzero_si512()}; }
inline Integers operator+(Integers x, Integers y) { return {_mm512_add_epi32(x.v, y.v)}; }
inline int32_t sum(Integers x) { return _mm512_reduce_add_epi32(x.v); }
inline Integers rounded(Floats x) { return {_mm512_cvtps_epi32(x.v)}; }
// The integers as int8.
inline __m128i to_bytes(Integers x) { return _mm512_cvtsepi32_epi8(x.v); }

#else

struct Floats {
    __m256 low, high;
};

inline Floats load(const float* at) { return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)}; }
inline void store(float* at, Floats x) {
    _mm256_storeu_ps(at, x.low);
    _mm256_storeu_ps(at + 8, x.high);
}
inline Floats all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Floats operator+(Floats x, Floats y) {
    return {_mm256_add_ps(x.low, y.low), _mm256_add_ps(x.high, y.high)};
}
inline Floats operator-(Floats x, Floats y) {
    return {_mm256_sub_ps(x.low, y.low), _mm256_sub_ps(x.high, y.high)};
}
inline Floats operator*(Floats x, Floats y) {
    return {_mm256_mul_ps(x.low, y.low), _mm256_mul_ps(x.high, y.high)};
}
inline Floats operator/(Floats x, Floats y) {
    return {_mm256_div_ps(x.low, y.low), _mm256_div_ps(x.high, y.high)};
}
inline Floats larger(Floats x, Floats y) {
    return {_mm256_max_ps(x.low, y.low), _mm256_max_ps(x.high, y.high)};
}
inline Floats smaller(Floats x, Floats y) {
    return {_mm256_min_ps(x.low, y.low), _mm256_min_ps(x.high, y.high)};
}
inline Floats magnitude(Floats x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, x.low), _mm256_andnot_ps(sign, x.high)};
}
inline Floats fused(Floats x, Floats y, Floats z) {
    return {_mm256_fmadd_ps(x.low, y.low, z.low), _mm256_fmadd_ps(x.high, y.high, z.high)};
}
inline float sum(Floats x) {
    const __m256 eight = _mm256_add_ps(x.high, x.low);
    const __m128 four = _mm_add_ps(_mm256_extractf128_ps(eight, 1), _mm256_castps256_ps128(eight));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(two) + _mm_cvtss_f32(_mm_shuffle_ps(two, two, 1));
}
inline float largest(Floats x) {
    const __m256 eight = _mm256_max_ps(x.high, x.low);
    const __m128 four = _mm_max_ps(_mm256_extractf128_ps(eight, 1), _mm256_castps256_ps128(eight));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}
inline bool has_nan(Floats x) {
    return _mm256_movemask_ps(_mm256_cmp_ps(x.low, x.high, _CMP_UNORD_Q)) != 0;
}
inline Floats whole(Floats x) {
    constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return {_mm256_round_ps(x.low, nearest), _mm256_round_ps(x.high, nearest)};
}
inline __m256 times_two_to(__m256 x, __m256 n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}
inline Floats times_two_to(Floats x, Floats n) {
    return {times_two_to(x.low, n.low), times_two_to(x.high, n.high)};
}

struct Integers {
    __m256i low, high;
};

inline Integers zeros() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
inline Integers operator+(Integers x, Integers y) {
    return {_mm256_add_epi32(x.low, y.low), _mm256_add_epi32(x.high, y.high)};
}
inline int32_t sum(Integers x) {
    const __m256i eight = _mm256_add_epi32(x.low, x.high);
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}
inline Integers rounded(Floats x) { return {_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high)}; }
inline __m128i to_bytes(Integers x) {
    // Packing works in halves of a register: their middle quarters change places.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.low, x.high), 0xd8);
    return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

#endif

}  // namespace swallow
