// What the operations compute beside products: normalisation, activation, intermediate values.
#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <cmath>
#include <utility>
#include <vector>

#include <openvino/runtime/tensor.hpp>

#include "activations.hpp"
#include "floats.hpp"

namespace swallow {

// Returns memory for `size` floats of the calling thread, valid until its next call.
inline float* scratch(size_t size) {
    thread_local std::vector<float> memory;
    if (memory.size() < size) memory.resize(size);
    return memory.data();
}

// x·sigmoid(x) of 16 values. The exponential is expf of the Cephes library: 2^n times a polynomial,
// with an error of at most 2 ulp.
inline Floats silu(Floats x) {
    const Floats y = larger(smaller(all(0) - x, all(87.0f)), all(-87.0f));
    const Floats n = whole(y * all(1.44269504088896341f));
    Floats r = fused(n, all(-0.693359375f), y);
    r = fused(n, all(2.12194440e-4f), r);
    Floats p = all(1.9875691500e-4f);
    for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                             1.6666665459e-1f, 5.0000001201e-1f}) {
        p = fused(p, r, all(next));
    }
    const Floats e = times_two_to(fused(r * r, p, r) + all(1), n);
    return x / (all(1) + e);
}

// RMSNorm (arXiv:1910.07467) of one token x [width]; `width` is a multiple of 16.
inline void normalise(const float* x, const float* weight, float epsilon, int width, float* out) {
    Floats squares = all(0);
    for (int i = 0; i < width; i += LANES) {
        const Floats v = load(x + i);
        squares = fused(v, v, squares);
    }
    const float inverse = 1.0f / std::sqrt(sum(squares) / width + epsilon);
    for (int i = 0; i < width; i += LANES) {
        store(out + i, load(x + i) * all(inverse) * load(weight + i));
    }
}

// Intermediate values of one evaluation, kept by the thread that evaluates for the next one.
struct Workspace {
    Activations x, hidden;      // rounded input [tokens][width] and feed-forward values
    std::vector<float> normed;  // normalised input, [tokens][width]
    std::vector<float> wide;    // feed-forward values [tokens][intermediate], for an adapter
};

inline Workspace& workspace() {
    thread_local Workspace own;
    return own;
}

// Normalises all tokens x [tokens][width] into `work.normed`, and rounds them into `work.x` where
// `round` says so.
inline void normalise_all(Workspace& work, const float* x, const float* weight, float epsilon,
                          int tokens, int width, bool round) {
    work.normed.resize(static_cast<size_t>(tokens) * width);
    if (round) work.x.resize({tokens}, width);
    tbb::parallel_for(0, tokens, [&](int token) {
        const size_t at = static_cast<size_t>(token) * width;
        normalise(x + at, weight, epsilon, width, &work.normed[at]);
        if (round) work.x.set(token, &work.normed[at]);
    });
}

// Returns the number of tokens and their width.
inline std::pair<int, int> tokens_and_width(const ov::Tensor& x) {
    const int width = static_cast<int>(x.get_shape().back());
    return {static_cast<int>(x.get_size()) / width, width};
}

}  // namespace swallow
