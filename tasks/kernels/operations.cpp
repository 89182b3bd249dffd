// The parts of a Llama-style decoder as OpenVINO operations over 4-bit matrices (`blocks.hpp`):
// what attention needs, what follows it, and the feed-forward layer.
//
// All values are float32; the last axis of an input is the model's width, the others are tokens.
// Built by `tasks/engines/native.py` against the headers of the installed OpenVINO.

#include <openvino/core/extension.hpp>
#include <openvino/core/op_extension.hpp>
#include <openvino/op/op.hpp>

#include "adapter.hpp"
#include "blocks.hpp"

namespace swallow {

// A matrix, where its product goes, and what is added to it.
struct Product {
    const uint8_t* blocks;
    int rows;
    float* out;              // [tokens][rows]
    const float* residual;   // the same, or nothing
    const LowRank* low;      // or nothing
    std::vector<float> inner;  // the adapter's Ax

    void run(int block, const Activations& x, float* sums) const {
        multiply_block(blocks + static_cast<size_t>(block) * x.groups() * RECORD, x, sums);
        if (low) low->add_block(block, inner, x.tokens(), sums);
    }
};

static Product product(const ov::Tensor& matrix, int columns, int layer, Linear linear,
                       const float* x, int tokens) {
    const auto bytes = matrix.get_byte_size();
    const int rows = static_cast<int>(bytes / (static_cast<size_t>(columns) / GROUP * RECORD)) * BLOCK;
    const LowRank* low = low_rank(layer, linear);
    return {matrix.data<uint8_t>(), rows, nullptr, nullptr, low,
            low && x ? low->inner(x, tokens, columns) : std::vector<float>()};
}

static float* scratch(size_t size) {
    thread_local std::vector<float> memory;
    if (memory.size() < size) memory.resize(size);
    return memory.data();
}

// Computes all products of the same activations, their blocks shared between the threads.
static void multiply(const std::vector<Product>& products, const Activations& x) {
    int blocks = 0;
    for (const auto& product : products) blocks += product.rows / BLOCK;
    tbb::parallel_for(tbb::blocked_range<int>(0, blocks), [&](const auto& range) {
        float* sums = scratch(static_cast<size_t>(x.tokens()) * BLOCK);
        for (int index = range.begin(); index < range.end(); ++index) {
            int block = index;
            auto product = products.begin();
            while (block >= product->rows / BLOCK) block -= product++->rows / BLOCK;
            product->run(block, x, sums);
            for (int token = 0; token < x.tokens(); ++token) {
                const size_t at = static_cast<size_t>(token) * product->rows + block * BLOCK;
                for (int i = 0; i < BLOCK; ++i) {
                    const float sum = sums[token * BLOCK + i];
                    product->out[at + i] = product->residual ? product->residual[at + i] + sum : sum;
                }
            }
        }
    });
}

// x·sigmoid(x). The exponential is Cephes' expf: 2^n times a polynomial, right to 2 ulp.
static __m512 silu(__m512 x) {
    const __m512 bound = _mm512_set1_ps(87.0f);
    const __m512 y = _mm512_max_ps(_mm512_min_ps(_mm512_sub_ps(_mm512_setzero_ps(), x), bound),
                                   _mm512_sub_ps(_mm512_setzero_ps(), bound));
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(y, _mm512_set1_ps(1.44269504088896341f)),
                                          _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), y);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                             1.6666665459e-1f, 5.0000001201e-1f}) {
        p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(next));
    }
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 e = _mm512_scalef_ps(_mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r), one), n);
    return _mm512_div_ps(x, _mm512_add_ps(one, e));
}

// RMSNorm (arXiv:1910.07467) of one token.
static void normalise(const float* x, const float* weight, float epsilon, int width, float* out) {
    __m512 squares = _mm512_setzero_ps();
    for (int i = 0; i < width; i += 16) {
        const __m512 v = _mm512_loadu_ps(x + i);
        squares = _mm512_fmadd_ps(v, v, squares);
    }
    const float inverse = 1.0f / std::sqrt(_mm512_reduce_add_ps(squares) / width + epsilon);
    for (int i = 0; i < width; i += 16) {
        const __m512 v = _mm512_mul_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(inverse));
        _mm512_storeu_ps(out + i, _mm512_mul_ps(v, _mm512_loadu_ps(weight + i)));
    }
}

// What one evaluation works in; it belongs to the thread that evaluates.
struct Workspace {
    Activations x, hidden;
    std::vector<float> normed, wide;
};

static Workspace& workspace() {
    thread_local Workspace mine;
    return mine;
}

// Normalises and rounds all tokens into `work`.
static void take_normed(Workspace& work, const float* x, const float* weight, float epsilon,
                        int tokens, int width) {
    work.x.resize(tokens, width);
    work.normed.resize(static_cast<size_t>(tokens) * width);
    tbb::parallel_for(0, tokens, [&](int token) {
        const size_t at = static_cast<size_t>(token) * width;
        normalise(x + at, weight, epsilon, width, &work.normed[at]);
        work.x.set(token, &work.normed[at]);
    });
}

static std::pair<int, int> sizes(const ov::Tensor& x) {
    const int width = static_cast<int>(x.get_shape().back());
    return {static_cast<int>(x.get_size()) / width, width};
}

static ov::PartialShape widened(ov::PartialShape shape, const ov::PartialShape& matrix, int64_t width) {
    const auto record = width / GROUP * RECORD;
    shape[shape.size() - 1] = matrix[0].get_length() / record * BLOCK;
    return shape;
}

// (x, norm, q, k, v) to the queries, keys and values of the normalised x.
class Projections : public ov::op::Op {
public:
    OPENVINO_OP("Projections", "swallow");
    Projections() = default;

    void validate_and_infer_types() override {
        const auto shape = get_input_partial_shape(0);
        const auto width = get_input_partial_shape(1)[0].get_length();
        for (size_t i = 0; i < 3; ++i) {
            set_output_type(i, ov::element::f32, widened(shape, get_input_partial_shape(2 + i), width));
        }
    }

    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
        auto clone = std::make_shared<Projections>();
        clone->layer_ = layer_;
        clone->epsilon_ = epsilon_;
        clone->set_arguments(inputs);
        clone->constructor_validate_and_infer_types();
        return clone;
    }

    bool visit_attributes(ov::AttributeVisitor& visitor) override {
        visitor.on_attribute("layer", layer_);
        visitor.on_attribute("epsilon", epsilon_);
        return true;
    }

    bool has_evaluate() const override { return true; }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = sizes(inputs[0]);
        take_normed(work, inputs[0].data<float>(), inputs[1].data<float>(), epsilon_, tokens, width);
        std::vector<Product> products;
        for (const auto linear : {Q, K, V}) {
            products.push_back(product(inputs[2 + linear], width, layer_, linear, work.normed.data(), tokens));
            products.back().out = outputs[linear].data<float>();
        }
        multiply(products, work.x);
        return true;
    }

private:
    int64_t layer_ = 0;
    float epsilon_ = 0;
};

// (attended, residual, o) to residual + o(attended).
class Joined : public ov::op::Op {
public:
    OPENVINO_OP("Joined", "swallow");
    Joined() = default;

    void validate_and_infer_types() override {
        set_output_type(0, ov::element::f32, get_input_partial_shape(1));
    }

    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
        auto clone = std::make_shared<Joined>();
        clone->layer_ = layer_;
        clone->set_arguments(inputs);
        clone->constructor_validate_and_infer_types();
        return clone;
    }

    bool visit_attributes(ov::AttributeVisitor& visitor) override {
        visitor.on_attribute("layer", layer_);
        return true;
    }

    bool has_evaluate() const override { return true; }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = sizes(inputs[0]);
        const float* x = inputs[0].data<float>();
        work.x.resize(tokens, width);
        tbb::parallel_for(0, tokens, [&, width = width](int token) {
            work.x.set(token, x + static_cast<size_t>(token) * width);
        });
        auto joined = product(inputs[2], width, layer_, O, x, tokens);
        joined.out = outputs[0].data<float>();
        joined.residual = inputs[1].data<float>();
        multiply({joined}, work.x);
        return true;
    }

private:
    int64_t layer_ = 0;
};

// (x, norm, gate, up, down) to x + down(silu(gate(n))·up(n)), n the normalised x
// (arXiv:2002.05202).
class FeedForward : public ov::op::Op {
public:
    OPENVINO_OP("FeedForward", "swallow");
    FeedForward() = default;

    void validate_and_infer_types() override {
        set_output_type(0, ov::element::f32, get_input_partial_shape(0));
    }

    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
        auto clone = std::make_shared<FeedForward>();
        clone->layer_ = layer_;
        clone->epsilon_ = epsilon_;
        clone->set_arguments(inputs);
        clone->constructor_validate_and_infer_types();
        return clone;
    }

    bool visit_attributes(ov::AttributeVisitor& visitor) override {
        visitor.on_attribute("layer", layer_);
        visitor.on_attribute("epsilon", epsilon_);
        return true;
    }

    bool has_evaluate() const override { return true; }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = sizes(inputs[0]);
        const float* x = inputs[0].data<float>();
        take_normed(work, x, inputs[1].data<float>(), epsilon_, tokens, width);
        const auto gate = product(inputs[2], width, layer_, GATE, work.normed.data(), tokens);
        const auto up = product(inputs[3], width, layer_, UP, work.normed.data(), tokens);
        widen(work, gate, up, low_rank(layer_, DOWN) != nullptr);
        const float* wide = work.wide.data();
        auto down = product(inputs[4], gate.rows, layer_, DOWN, wide, tokens);
        down.out = outputs[0].data<float>();
        down.residual = x;
        multiply({down}, work.hidden);
        return true;
    }

private:
    // Computes silu(gate)·up, 128 columns at a time, and rounds them where they are; `kept` keeps
    // them in float32 too, for an adapter.
    static void widen(Workspace& work, const Product& gate, const Product& up, bool kept) {
        const int tokens = work.x.tokens(), rows = gate.rows;
        work.hidden.resize(tokens, rows);
        if (kept) work.wide.resize(static_cast<size_t>(tokens) * rows);
        tbb::parallel_for(0, rows / GROUP, [&](int group) {
            const size_t each = static_cast<size_t>(tokens) * BLOCK;
            float* memory = scratch(2 * each + static_cast<size_t>(tokens) * GROUP);
            float *gates = memory, *ups = memory + each, *values = memory + 2 * each;
            for (int part = 0; part < GROUP / BLOCK; ++part) {
                gate.run(group * (GROUP / BLOCK) + part, work.x, gates);
                up.run(group * (GROUP / BLOCK) + part, work.x, ups);
                for (int token = 0; token < tokens; ++token) {
                    for (int i = 0; i < BLOCK; i += 16) {
                        const int at = token * BLOCK + i;
                        const __m512 value = _mm512_mul_ps(silu(_mm512_loadu_ps(gates + at)),
                                                           _mm512_loadu_ps(ups + at));
                        _mm512_storeu_ps(values + token * GROUP + part * BLOCK + i, value);
                    }
                }
            }
            for (int token = 0; token < tokens; ++token) {
                const float* mine = values + token * GROUP;
                work.hidden.set(token, group, mine);
                if (kept) {
                    std::memcpy(&work.wide[static_cast<size_t>(token) * rows + group * GROUP], mine,
                                sizeof(float) * GROUP);
                }
            }
        });
    }

    int64_t layer_ = 0;
    float epsilon_ = 0;
};

}  // namespace swallow

#define SWALLOW_API extern "C" __attribute__((visibility("default")))

// Forgets the active adapter: the base answers.
SWALLOW_API void swallow_clear_adapter() { swallow::active_adapter().clear(); }

// Makes one layer's part active: `a` [rank][columns], `b` [rows][rank], added times `scale`.
SWALLOW_API void swallow_add_low_rank(int layer, int linear, int rows, int columns, int rank,
                                      float scale, const float* a, const float* b) {
    auto& low = swallow::active_adapter()[{layer, linear}];
    low.rank = rank;
    low.a.assign(a, a + static_cast<size_t>(rank) * columns);
    low.b.resize(static_cast<size_t>(rank) * rows);
    for (int row = 0; row < rows; ++row) {
        for (int i = 0; i < rank; ++i) {
            const size_t block = static_cast<size_t>(row / swallow::BLOCK) * rank + i;
            low.b[block * swallow::BLOCK + row % swallow::BLOCK] = scale * b[static_cast<size_t>(row) * rank + i];
        }
    }
}

OPENVINO_CREATE_EXTENSIONS(std::vector<ov::Extension::Ptr>({
    std::make_shared<ov::OpExtension<swallow::Projections>>(),
    std::make_shared<ov::OpExtension<swallow::Joined>>(),
    std::make_shared<ov::OpExtension<swallow::FeedForward>>(),
}));
