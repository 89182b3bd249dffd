// A mixture of experts (arXiv:1701.06538) as one OpenVINO operation over 4-bit matrices.
//
// The tokens are grouped by expert. Each expert that is chosen is read once, for all its tokens, and
// the threads share the work: of the first products the columns of a record of one expert, of the
// second ones some columns of the result over all experts. A token's experts are added in the order
// of their numbers: its result does not depend on the other tokens.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "blocks.hpp"
#include "common.hpp"
#include "values.hpp"

namespace swallow {

// Which tokens each expert computes, and how much its result counts.
struct Choices {
    std::vector<int> experts;    // those that are chosen, in ascending order
    std::vector<int> sizes;      // how many tokens each of them has
    std::vector<int> tokens;     // their tokens, one expert's after another's
    std::vector<float> weights;  // what each of these counts
};

// The router: chooses `most` experts for each token.
class Router {
public:
    // `matrix` is [experts][width]. `normalised`: the weights of a token's experts add up to 1.
    Router(const float* matrix, int experts, int width, int most, bool normalised)
        : matrix_(matrix), experts_(experts), width_(width), most_(most), normalised_(normalised) {}

    // Chooses for x [tokens][width].
    Choices choose(const float* x, int tokens) const {
        const std::vector<float> scores = this->scores(x, tokens);
        std::vector<int> chosen(static_cast<size_t>(tokens) * most_);
        std::vector<float> weights(chosen.size());
        for (int token = 0; token < tokens; ++token) {
            choose_for_token(&scores[static_cast<size_t>(token) * experts_],
                             &chosen[static_cast<size_t>(token) * most_],
                             &weights[static_cast<size_t>(token) * most_]);
        }
        return grouped(chosen, weights);
    }

private:
    // Returns x times the matrix, [tokens][experts].
    std::vector<float> scores(const float* x, int tokens) const {
        std::vector<float> result(static_cast<size_t>(tokens) * experts_);
        tbb::parallel_for(tbb::blocked_range<int>(0, experts_), [&](const auto& range) {
            for (int token = 0; token < tokens; ++token) {
                const float* values = x + static_cast<size_t>(token) * width_;
                for (int expert = range.begin(); expert < range.end(); ++expert) {
                    const float* weights = matrix_ + static_cast<size_t>(expert) * width_;
                    result[static_cast<size_t>(token) * experts_ + expert] =
                        product(weights, values);
                }
            }
        });
        return result;
    }

    // Returns the sum of x·y over the width, a multiple of 64; four sums do not wait for each other.
    float product(const float* x, const float* y) const {
        Floats sums[4] = {all(0), all(0), all(0), all(0)};
        for (int i = 0; i < width_; i += 4 * LANES) {
            for (int j = 0; j < 4; ++j) {
                sums[j] = fused(load(x + i + j * LANES), load(y + i + j * LANES), sums[j]);
            }
        }
        return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }

    // Writes the experts of the largest scores and their shares of the softmax. A token whose scores
    // are NaN gets some experts, with NaN for weights.
    void choose_for_token(const float* scores, int* chosen, float* weights) const {
        std::vector<int> order(experts_);
        std::iota(order.begin(), order.end(), 0);
        const auto rank = [&](int expert) {
            return std::isnan(scores[expert]) ? -std::numeric_limits<float>::infinity()
                                              : scores[expert];
        };
        std::partial_sort(order.begin(), order.begin() + most_, order.end(), [&](int x, int y) {
            return rank(x) != rank(y) ? rank(x) > rank(y) : x < y;
        });
        float total = 0, of_chosen = 0;
        for (int expert = 0; expert < experts_; ++expert) {
            total += std::exp(scores[expert] - scores[order[0]]);
        }
        for (int i = 0; i < most_; ++i) {
            chosen[i] = order[i];
            weights[i] = std::exp(scores[order[i]] - scores[order[0]]) / total;
            of_chosen += weights[i];
        }
        for (int i = 0; normalised_ && i < most_; ++i) weights[i] /= of_chosen;
    }

    // Groups the choices [tokens][most] by expert.
    Choices grouped(const std::vector<int>& chosen, const std::vector<float>& weights) const {
        std::vector<int> counts(experts_ + 1);
        for (const int expert : chosen) ++counts[expert + 1];
        Choices result;
        for (int expert = 0; expert < experts_; ++expert) {
            if (!counts[expert + 1]) continue;
            result.experts.push_back(expert);
            result.sizes.push_back(counts[expert + 1]);
        }
        std::partial_sum(counts.begin(), counts.end(), counts.begin());
        result.tokens.resize(chosen.size());
        result.weights.resize(chosen.size());
        for (size_t i = 0; i < chosen.size(); ++i) {
            const int at = counts[chosen[i]]++;
            result.tokens[at] = static_cast<int>(i / most_);
            result.weights[at] = weights[i];
        }
        return result;
    }

    const float* matrix_;
    int experts_, width_, most_;
    bool normalised_;
};

// Inputs: x [..., width], norm [width], router [experts, width], matrices gate, up and down of all
// experts, one expert's after another's.
// Output: x + the sum over a token's experts of weight · down(silu(gate(n))·up(n)), where n is the
// normalised x.
class Experts : public Common<Experts> {
public:
    OPENVINO_OP("Experts", "swallow");

    void validate_and_infer_types() override {
        const auto experts = get_input_partial_shape(2)[0].get_length(), width = this->width(1);
        const auto wide = rows(3, width);
        OPENVINO_ASSERT(this->width(2) == width, "the router has another width");
        OPENVINO_ASSERT(rows(4, width) == wide, "gate and up differ");
        OPENVINO_ASSERT(wide % (experts * BLOCK) == 0, "experts have no whole blocks");
        OPENVINO_ASSERT(rows(5, wide / experts) == experts * width, "down has another shape");
        OPENVINO_ASSERT(chosen_ >= 1 && chosen_ <= experts, "so many experts cannot be chosen");
        set_output_type(0, ov::element::f32, get_input_partial_shape(0));
    }

    bool visit_attributes(ov::AttributeVisitor& visitor) override {
        visitor.on_attribute("chosen", chosen_);
        visitor.on_attribute("normalised", normalised_);
        return Common::visit_attributes(visitor);
    }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = tokens_and_width(inputs[0]);
        const float* x = inputs[0].data<float>();
        normalise_all(work, x, inputs[1].data<float>(), epsilon_, tokens, width, false);
        const int experts = static_cast<int>(inputs[2].get_shape()[0]);
        const auto* matrix = inputs[2].data<float>();
        const Router router(matrix, experts, width, static_cast<int>(chosen_), normalised_);
        const Choices choices = router.choose(work.normed.data(), tokens);
        round_into(work, choices, width);
        const auto bytes = static_cast<int64_t>(inputs[3].get_byte_size());
        const int wide = static_cast<int>(rows_of(bytes, width)) / experts;
        widen(work, choices, inputs[3].data<uint8_t>(), inputs[4].data<uint8_t>(), wide);
        join(work, choices, inputs[5].data<uint8_t>(), x, tokens, outputs[0].data<float>());
        return true;
    }

protected:
    friend class Common<Experts>;

    void copy_attributes(const Experts& other) {
        Common::copy_attributes(other);
        chosen_ = other.chosen_;
        normalised_ = other.normalised_;
    }

private:
    // Rounds the normalised tokens of each expert into `work.x`.
    static void round_into(Workspace& work, const Choices& choices, int width) {
        work.x.resize(choices.sizes, width);
        tbb::parallel_for(0, work.x.tokens(), [&](int at) {
            work.x.set(at, &work.normed[static_cast<size_t>(choices.tokens[at]) * width]);
        });
    }

    // Computes silu(gate)·up of each expert, the columns of a record at a time, and rounds it into
    // `work.hidden` while it is in the cache.
    static void widen(Workspace& work, const Choices& choices, const uint8_t* gate,
                      const uint8_t* up, int wide) {
        work.hidden.resize(choices.sizes, wide);
        const int records = work.hidden.records();
        const int tasks = static_cast<int>(choices.experts.size()) * records;
        tbb::parallel_for(0, tasks, [&](int task) {
            const auto& part = work.x.parts()[task / records];
            const int record = task % records, width = work.hidden.width(record);
            const int64_t first = static_cast<int64_t>(choices.experts[task / records]) * wide;
            const int64_t at = (first + record * GROUP) / BLOCK * block_bytes(work.x.columns());
            float* values = scratch(static_cast<size_t>(part.tokens) * (2 * BLOCK + width));
            gated(work.x, part, gate + at, up + at, width, values);
            for (int token = 0; token < part.tokens; ++token) {
                work.hidden.set(part.token + token, record, values + token * width);
            }
        });
    }

    // Writes silu(gate)·up into `values` [tokens][width], behind which lies room for a block's
    // columns of both, [tokens][32] each; gate and up are blocks.
    static void gated(const Activations& x, const Activations::Part& part, const uint8_t* gate,
                      const uint8_t* up, int width, float* values) {
        float* gates = values + static_cast<size_t>(part.tokens) * width;
        float* ups = gates + static_cast<size_t>(part.tokens) * BLOCK;
        const int64_t bytes = block_bytes(x.columns());
        for (int block = 0; block < width / BLOCK; ++block) {
            multiply_block(gate + block * bytes, x, part, gates);
            multiply_block(up + block * bytes, x, part, ups);
            for (int token = 0; token < part.tokens; ++token) {
                for (int i = 0; i < BLOCK; i += LANES) {
                    store(values + token * width + block * BLOCK + i,
                          silu(load(gates + token * BLOCK + i)) * load(ups + token * BLOCK + i));
                }
            }
        }
    }

    // Adds the weighted products of `down` with `work.hidden` to x [tokens][width].
    static void join(const Workspace& work, const Choices& choices, const uint8_t* down,
                     const float* x, int tokens, float* out) {
        const int width = work.x.columns();
        const int64_t bytes = block_bytes(work.hidden.columns());
        tbb::parallel_for(tbb::blocked_range<int>(0, width / BLOCK), [&](const auto& range) {
            const size_t start = static_cast<size_t>(range.begin()) * BLOCK;
            const size_t columns = static_cast<size_t>(range.size()) * BLOCK;
            for (int token = 0; token < tokens; ++token) {
                const size_t at = static_cast<size_t>(token) * width + start;
                std::memcpy(out + at, x + at, sizeof(float) * columns);
            }
            for (size_t i = 0; i < choices.experts.size(); ++i) {
                const auto& part = work.hidden.parts()[i];
                const int64_t first = static_cast<int64_t>(choices.experts[i]) * (width / BLOCK);
                float* sums = scratch(static_cast<size_t>(part.tokens) * BLOCK);
                for (int block = range.begin(); block < range.end(); ++block) {
                    multiply_block(down + (first + block) * bytes, work.hidden, part, sums);
                    add(choices, part, sums, block, width, out);
                }
            }
        });
    }

    // Adds `sums` [tokens][32], times their weights, to a block's columns of the part's tokens.
    static void add(const Choices& choices, const Activations::Part& part, const float* sums,
                    int block, int width, float* out) {
        for (int token = 0; token < part.tokens; ++token) {
            const int at = part.token + token;
            const Floats weight = all(choices.weights[at]);
            float* to = out + static_cast<size_t>(choices.tokens[at]) * width + block * BLOCK;
            for (int i = 0; i < BLOCK; i += LANES) {
                store(to + i, fused(weight, load(sums + token * BLOCK + i), load(to + i)));
            }
        }
    }

    int64_t chosen_ = 1;
    bool normalised_ = true;
};

}  // namespace swallow
