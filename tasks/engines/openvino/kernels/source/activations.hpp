// What 4-bit matrices are multiplied with, for x86-64 with AVX2 or AVX-512.
//
// Activations are rounded to 8 bits, with a scale for each token and record: a token's do not
// depend on the other tokens.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include "floats.hpp"
#include "layout.hpp"

namespace swallow {

// Tokens multiplied at a time; their sums, the unpacked weights and a broadcast value fit into the
// registers.
#ifdef SWALLOW_AVX512
constexpr int TILE = 8;
#else
constexpr int TILE = 4;
#endif

// Activations [tokens][columns] rounded to 8 bits. The tokens of a part are divided into tiles of at
// most TILE, as equal as possible. Bytes are stored as [record][tile][four columns][token of the tile][4], so
// that a tile's bytes of four columns lie together; scales as [record][token].
class Activations {
public:
    // Consecutive tokens that are multiplied with the same matrix: their first tile and token, the
    // tile after their last, their number.
    struct Part {
        size_t tile, end;
        int token, tokens;
    };

    // Makes room for parts of `sizes` tokens each, none of them empty.
    void resize(const std::vector<int>& sizes, int columns) {
        columns_ = columns;
        tokens_ = 0;
        tiles_.clear();
        tile_of_.clear();
        parts_.clear();
        for (const int size : sizes) {
            const int tiles = (size + TILE - 1) / TILE;
            parts_.push_back({tiles_.size(), tiles_.size() + tiles, tokens_, size});
            for (int tile = 0; tile < tiles; ++tile) {
                const int count = size / tiles + (tile < size % tiles);
                tiles_.push_back(count);
                tile_of_.insert(tile_of_.end(), count, {tokens_, count});
                tokens_ += count;
            }
        }
        bytes_.resize(static_cast<size_t>(tokens_) * columns);
        scales_.resize(static_cast<size_t>(tokens_) * records());
        sums_.resize(static_cast<size_t>(tokens_) * pairs());
    }

    int tokens() const { return tokens_; }
    int columns() const { return columns_; }
    int records() const { return records_of(columns_); }
    int width(int record) const { return width_of(record, columns_); }
    const std::vector<int>& tiles() const { return tiles_; }
    const std::vector<Part>& parts() const { return parts_; }
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
        Floats v[MOST / LANES];
        Floats magnitudes = all(0);
        bool unordered = false;
        for (int i = 0; i < width / LANES; ++i) {
            v[i] = load(values + LANES * i);
            magnitudes = larger(magnitudes, magnitude(v[i]));
            unordered |= has_nan(v[i]);
        }
        float most = largest(magnitudes);
        if (unordered || !std::isfinite(most)) {  // its products become NaN
            for (auto& part : v) part = all(0);
            most = std::numeric_limits<float>::quiet_NaN();
        }
        // Below 1e-30 the inverse might not be finite; such values are rounded to 0.
        const Floats inverse = all(most > 1e-30f ? 127 / most : 0);
        const auto [first, count] = tile_of_[token];
        auto* out = &bytes_[at(record, first)] + 4 * (token - first);
        auto* sums = &sums_[static_cast<size_t>(token) * pairs() + record * (GROUP / PAIR)];
        for (int pair = 0; pair < width / PAIR; ++pair) {
            Integers totals[2] = {zeros(), zeros()};
            for (int i = 4 * pair; i < 4 * pair + 4; ++i) {
                const Integers integers = rounded(v[i] * inverse);
                totals[i % 4 / 2] = totals[i % 4 / 2] + integers;
                alignas(16) int32_t fours[4];
                _mm_store_si128(reinterpret_cast<__m128i*>(fours), to_bytes(integers));
                for (int j = 0; j < 4; ++j) {
                    std::memcpy(out + static_cast<ptrdiff_t>(4 * i + j) * count * 4, &fours[j], 4);
                }
            }
            const int first_sum = -sum(totals[0]), second_sum = -sum(totals[1]);
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
    std::vector<Part> parts_;
};

}  // namespace swallow
