// The active LoRA adapter (arXiv:2106.09685): B(Ax) is added to the products with the base model's
// weights. All values are float32.
#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <map>
#include <utility>
#include <vector>

#include "blocks.hpp"

namespace swallow {

// The adapter's matrices for one linear layer. `a` is [rank][in]. `b` is B [out][rank], multiplied
// by the adapter's scale and rearranged into [out / 32][rank][32], so that it is read in order.
struct LowRank {
    int rank = 0;
    std::vector<float> a, b;

    // Returns Ax, [tokens][rank], of x [tokens][columns]; `columns` is a multiple of 16.
    std::vector<float> inner(const float* x, int tokens, int columns) const {
        std::vector<float> result(static_cast<size_t>(tokens) * rank);
        tbb::parallel_for(tbb::blocked_range<int>(0, rank), [&](const auto& range) {
            for (int row = range.begin(); row < range.end(); ++row) {
                const float* weights = &a[static_cast<size_t>(row) * columns];
                for (int token = 0; token < tokens; ++token) {
                    const float* values = x + static_cast<size_t>(token) * columns;
                    Floats products = all(0);
                    for (int i = 0; i < columns; i += LANES) {
                        products = fused(load(weights + i), load(values + i), products);
                    }
                    result[static_cast<size_t>(token) * rank + row] = sum(products);
                }
            }
        });
        return result;
    }

    // Adds 32 columns of B(Ax), those of block `block`, to `sums` [tokens][32]; `inner` is Ax.
    void add_block(int block, const std::vector<float>& inner, int tokens, float* sums) const {
        const float* weights = &b[static_cast<size_t>(block) * rank * BLOCK];
        for (int token = 0; token < tokens; ++token) {
            float* at = sums + static_cast<size_t>(token) * BLOCK;
            Floats sum0 = load(at), sum1 = load(at + LANES);
            for (int row = 0; row < rank; ++row) {
                const Floats value = all(inner[static_cast<size_t>(token) * rank + row]);
                sum0 = fused(value, load(weights + row * BLOCK), sum0);
                sum1 = fused(value, load(weights + row * BLOCK + LANES), sum1);
            }
            store(at, sum0);
            store(at + LANES, sum1);
        }
    }
};

// The linear layers of a decoder block, in the order of `trainer.adapters.adapter.PROJECTIONS`.
enum Linear { Q, K, V, O, GATE, UP, DOWN };

// The process's active adapter, by layer and linear layer. It changes only while nothing is
// computed.
using Adapter = std::map<std::pair<int, int>, LowRank>;

inline Adapter& active_adapter() {
    static Adapter adapter;
    return adapter;
}

// Returns the active adapter's part for a linear layer, or nullptr.
inline const LowRank* low_rank(int layer, Linear linear) {
    const auto found = active_adapter().find({layer, linear});
    return found == active_adapter().end() ? nullptr : &found->second;
}

}  // namespace swallow
