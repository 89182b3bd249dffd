// Products of a few tokens with a 4-bit matrix, for x86-64 with AVX-512 VNNI.
//
// A matrix [out, in] is stored in blocks of 32 rows (32 columns of the product), each a record for
// every group of 128 columns; the last record of a block may be wider, by 64. So a thread reads its
// blocks from memory in order. `convert/pack.py` describes the layout exactly.
//
// A weight is scale · (step · integer - offset): integers of 4 bits, a step of 1 to 16 and an offset
// of 0 to 255 for each 32 columns of a row, a float16 scale for each row of a record. A record is
// unpacked once into bytes step · integer, at most 240, and multiplied with all tokens. VPDPBUSD
// multiplies unsigned by signed bytes; VPDPWSSD subtracts the offsets times the activations' sums.
//
// Activations are rounded to 8 bits, with a scale for each token and record. The sums of a record
// are exact integers, and records are added in one order: the result of a token does not depend on
// the other tokens.
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

// Tokens multiplied at a time. The 12 sums of six tokens, the unpacked weights and a broadcast
// value leave some of the 32 registers free. Measured: 1,975 GOPS with six, 1,800 with eight, 1,640
// with 12.
constexpr int TILE = 8;

// How many bytes ahead of the current record are prefetched, so that arithmetic does not wait for
// memory.
constexpr int AHEAD = 4 * record_bytes(GROUP);

// Tokens that a block is multiplied with before it is read again for the next ones: their results,
// 12 KB, stay in the first-level cache.
constexpr int SLAB = 96;

// Activations [tokens][columns] rounded to 8 bits. Tokens are divided into tiles of at most TILE,
// as equal as possible. Bytes are stored as [record][tile][four columns][token of the tile][4], so
// that a tile's bytes of four columns lie together; scales as [record][token].
class Activations {
public:
    void resize(int tokens, int columns) {
        tokens_ = tokens;
        columns_ = columns;
        bytes_.resize(static_cast<size_t>(tokens) * columns);
        scales_.resize(static_cast<size_t>(tokens) * records());
        sums_.resize(static_cast<size_t>(tokens) * (columns / PAIR));
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
    int columns() const { return columns_; }
    int records() const { return records_of(columns_); }
    int width(int record) const { return width_of(record, columns_); }
    const std::vector<int>& tiles() const { return tiles_; }
    // Of `record`, from token `first` on, which begins a tile.
    const int8_t* bytes(int record, int first) const { return &bytes_[at(record, first)]; }
    const float* scales(int record, int first) const {
        return &scales_[static_cast<size_t>(record) * tokens_ + first];
    }
    // Two int16 sums for each token and pair of step groups, [token][all pairs].
    const int32_t* sums(int record, int first) const {
        return &sums_[static_cast<size_t>(first) * pairs() + record * (GROUP / PAIR)];
    }
    int pairs() const { return columns_ / PAIR; }

    // Rounds the values of one token and record: to integers -127 to 127 and the scale
    // largest / 127.
    void set(int token, int record, const float* values) {
        const int width = this->width(record);
        __m512 v[MOST / 16];
        __m512 largest = _mm512_setzero_ps();
        __mmask16 unordered = 0;
        for (int i = 0; i < width / 16; ++i) {
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
        auto* out = &bytes_[at(record, first)] + 4 * (token - first);
        auto* sums = &sums_[static_cast<size_t>(token) * pairs() + record * (GROUP / PAIR)];
        for (int pair = 0; pair < width / PAIR; ++pair) {
            __m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
            for (int i = 4 * pair; i < 4 * pair + 4; ++i) {
                const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(v[i], inverse));
                sum[i % 4 / 2] = _mm512_add_epi32(sum[i % 4 / 2], rounded);
                alignas(16) int32_t fours[4];
                _mm_store_si128(reinterpret_cast<__m128i*>(fours), _mm512_cvtsepi32_epi8(rounded));
                for (int j = 0; j < 4; ++j) {
                    std::memcpy(out + static_cast<ptrdiff_t>(4 * i + j) * count * 4, &fours[j], 4);
                }
            }
            const int first_sum = -_mm512_reduce_add_epi32(sum[0]);
            const int second_sum = -_mm512_reduce_add_epi32(sum[1]);
            sums[pair] = (first_sum & 0xffff) | static_cast<int32_t>(
                static_cast<uint32_t>(second_sum) << 16);
        }
        scales_[static_cast<size_t>(record) * tokens_ + token] = most / 127;
    }

    // Rounds all values of one token.
    void set(int token, const float* values) {
        for (int record = 0; record < records(); ++record) {
            set(token, record, values + record * GROUP);
        }
    }

private:
    struct Tile {
        int first, count;  // its first token, its number of tokens
    };

    // Where the bytes of `record` start for token `first`, which begins a tile.
    size_t at(int record, int first) const {
        return static_cast<size_t>(record) * GROUP * tokens_ +
               static_cast<size_t>(first) * width(record);
    }

    int tokens_ = 0, columns_ = 0;
    std::vector<int8_t> bytes_;
    std::vector<float> scales_;
    std::vector<int32_t> sums_;  // minus the sums of two step groups' integers, as int16
    std::vector<int> tiles_;     // tokens in each tile
    std::vector<Tile> tile_of_;
};

namespace detail {

// Four bytes read as one integer, which the compiler's aliasing rules otherwise forbid.
using Four = int32_t __attribute__((may_alias));

// Fetches the 64 bytes at `at` into the cache.
inline void prefetch(const uint8_t* at) {
    _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0);
}

// A record as it is stored, of `width` columns. `fetch` prefetches the record that lies AHEAD:
// little by little, as a core has few fetches under way at a time.
struct Packed {
    const uint8_t* record;
    int width;
    const uint8_t* offsets = record + BLOCK * width / 2;
    const uint8_t* steps = offsets + BLOCK * width / STEP_GROUP;
    const uint8_t* scales = steps + BLOCK * width / PAIR;

    int pairs() const { return width / PAIR; }

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

// Calls `add_record` for a tile of `tokens` tokens.
template <class Weights, typename... Arguments>
inline void add_record_for(int tokens, const Weights& weights, Arguments... arguments) {
    static_assert(TILE == 8);
    switch (tokens) {
        case 1: return add_record<1>(weights, arguments...);
        case 2: return add_record<2>(weights, arguments...);
        case 3: return add_record<3>(weights, arguments...);
        case 4: return add_record<4>(weights, arguments...);
        case 5: return add_record<5>(weights, arguments...);
        case 6: return add_record<6>(weights, arguments...);
        case 7: return add_record<7>(weights, arguments...);
        default: return add_record<8>(weights, arguments...);
    }
}

}  // namespace detail

// Writes a block's 32 columns of the product with x into `results` [tokens][32] float32.
inline void multiply_block(const uint8_t* block, const Activations& x, float* results) {
    std::memset(results, 0, sizeof(float) * x.tokens() * BLOCK);
    const auto& tiles = x.tiles();
    detail::Unpacked unpacked;
    for (size_t tile = 0, token = 0; tile < tiles.size();) {
        size_t last = tile, end = token;
        while (last < tiles.size() && end - token < SLAB) end += tiles[last++];
        for (int record = 0; record < x.records(); ++record) {
            const uint8_t* packed = block + static_cast<size_t>(record) * record_bytes(GROUP);
            const detail::Packed weights{packed, x.width(record)};
            if (last == tile + 1) {
                const int first = static_cast<int>(token);
                detail::add_record_for(tiles[tile], weights, x.bytes(record, first),
                                       x.scales(record, first), x.sums(record, first), x.pairs(),
                                       results + token * BLOCK);
                continue;
            }
            unpacked.unpack(weights);
            for (size_t i = tile, at = token; i < last; at += tiles[i++]) {
                const int first = static_cast<int>(at);
                detail::add_record_for(tiles[i], unpacked, x.bytes(record, first),
                                       x.scales(record, first), x.sums(record, first), x.pairs(),
                                       results + at * BLOCK);
            }
        }
        tile = last;
        token = end;
    }
}

}  // namespace swallow
