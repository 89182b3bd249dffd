// A Llama-style decoder block without attention as three OpenVINO operations over 4-bit matrices
// (`blocks.hpp`): Projections before attention, Joined after it, then FeedForward or Experts
// (`experts.hpp`). Their names are in converted models.
//
// All values are float32. The last axis of an input is the model's width, the other axes together
// are the tokens. Matrices are constants of bytes (`convert/pack.py`). `build.py` compiles this
// against the installed OpenVINO.

#include <openvino/core/extension.hpp>
#include <openvino/core/op_extension.hpp>

#include "adapter.hpp"
#include "blocks.hpp"
#include "common.hpp"
#include "experts.hpp"
#include "values.hpp"

namespace swallow {

// One product of a matrix [rows, columns] with activations: operands and destination.
struct Product {
    const uint8_t* blocks;
    int rows;
    float* out;                // [tokens][rows]
    const float* residual;     // [tokens][rows], added to the product, or nullptr
    const LowRank* low;        // the active adapter's part, or nullptr
    std::vector<float> inner;  // the adapter's Ax, [tokens][rank]

    // Writes the 32 columns of block `block` into `sums` [tokens][32], without the residual.
    void run(int block, const Activations& x, float* sums) const {
        multiply_block(blocks + block * block_bytes(x.columns()), x, x.parts()[0], sums);
        if (low) low->add_block(block, inner, x.tokens(), sums);
    }
};

// Returns the product of a matrix with x [tokens][columns]. x is needed in float32 only for the
// adapter: the matrix is multiplied with its rounded values.
static Product product(const ov::Tensor& matrix, int columns, int layer, Linear linear,
                       const float* x, int tokens) {
    const int64_t bytes = static_cast<int64_t>(matrix.get_byte_size());
    const LowRank* low = low_rank(layer, linear);
    const int rows = static_cast<int>(rows_of(bytes, columns));
    return {matrix.data<uint8_t>(), rows, nullptr, nullptr, low,
            low ? low->inner(x, tokens, columns) : std::vector<float>()};
}

// Computes all products with the same activations; the threads share their blocks.
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
                float* out = product->out + at;
                std::memcpy(out, sums + token * BLOCK, sizeof(float) * BLOCK);
                if (!product->residual) continue;
                for (int i = 0; i < BLOCK; ++i) out[i] += product->residual[at + i];
            }
        }
    });
}

// Inputs: x [..., width], norm [width], matrices q, k, v.
// Outputs: q(n), k(n) and v(n), where n is the normalised x.
class Projections : public Common<Projections> {
public:
    OPENVINO_OP("Projections", "swallow");

    void validate_and_infer_types() override {
        for (size_t i = 0; i < 3; ++i) {
            set_output_type(i, ov::element::f32, product_shape(2 + i, width(1)));
        }
    }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = tokens_and_width(inputs[0]);
        const auto* norm = inputs[1].data<float>();
        normalise_all(work, inputs[0].data<float>(), norm, epsilon_, tokens, width, true);
        std::vector<Product> products;
        for (const auto linear : {Q, K, V}) {
            const auto& matrix = inputs[2 + linear];
            const float* x = work.normed.data();
            products.push_back(product(matrix, width, layer_, linear, x, tokens));
            products.back().out = outputs[linear].data<float>();
        }
        multiply(products, work.x);
        return true;
    }
};

// Inputs: attention's result x [..., columns of o], residual [..., width], matrix o.
// Output: residual + o(x).
class Joined : public Common<Joined> {
public:
    OPENVINO_OP("Joined", "swallow");

    void validate_and_infer_types() override {
        product_shape(2, width(0));
        set_output_type(0, ov::element::f32, get_input_partial_shape(1));
    }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = tokens_and_width(inputs[0]);
        const float* x = inputs[0].data<float>();
        work.x.resize({tokens}, width);
        tbb::parallel_for(0, tokens, [&, width = width](int token) {
            work.x.set(token, x + static_cast<size_t>(token) * width);
        });
        auto joined = product(inputs[2], width, layer_, O, x, tokens);
        joined.out = outputs[0].data<float>();
        joined.residual = inputs[1].data<float>();
        multiply({joined}, work.x);
        return true;
    }
};

// Inputs: x [..., width], norm [width], matrices gate, up, down.
// Output: x + down(silu(gate(n))·up(n)), where n is the normalised x (SwiGLU, arXiv:2002.05202).
class FeedForward : public Common<FeedForward> {
public:
    OPENVINO_OP("FeedForward", "swallow");

    void validate_and_infer_types() override {
        const auto wide = product_shape(2, width(1));
        OPENVINO_ASSERT(product_shape(3, width(1)) == wide, "gate and up differ");
        product_shape(4, wide[wide.size() - 1].get_length());
        set_output_type(0, ov::element::f32, get_input_partial_shape(0));
    }

    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
        auto& work = workspace();
        const auto [tokens, width] = tokens_and_width(inputs[0]);
        const float* x = inputs[0].data<float>();
        normalise_all(work, x, inputs[1].data<float>(), epsilon_, tokens, width, true);
        const float* normed = work.normed.data();
        const auto gate = product(inputs[2], width, layer_, GATE, normed, tokens);
        const auto up = product(inputs[3], width, layer_, UP, normed, tokens);
        widen(work, gate, up, low_rank(layer_, DOWN) != nullptr);
        auto down = product(inputs[4], gate.rows, layer_, DOWN, work.wide.data(), tokens);
        down.out = outputs[0].data<float>();
        down.residual = x;
        multiply({down}, work.hidden);
        return true;
    }

private:
    // Computes silu(gate)·up, the columns of a record at a time, and rounds it into `work.hidden`
    // while it is in the cache; `keep_floats` stores it in `work.wide` too, for an adapter.
    static void widen(Workspace& work, const Product& gate, const Product& up, bool keep_floats) {
        const int tokens = work.x.tokens(), rows = gate.rows;
        work.hidden.resize({tokens}, rows);
        if (keep_floats) work.wide.resize(static_cast<size_t>(tokens) * rows);
        tbb::parallel_for(0, work.hidden.records(), [&](int record) {
            const int width = work.hidden.width(record);
            const size_t each = static_cast<size_t>(tokens) * BLOCK;
            float* memory = scratch(2 * each + static_cast<size_t>(tokens) * width);
            float *gates = memory, *ups = memory + each, *values = memory + 2 * each;
            for (int part = 0; part < width / BLOCK; ++part) {
                gate.run(record * (GROUP / BLOCK) + part, work.x, gates);
                up.run(record * (GROUP / BLOCK) + part, work.x, ups);
                for (int token = 0; token < tokens; ++token) {
                    for (int i = 0; i < BLOCK; i += LANES) {
                        const int at = token * BLOCK + i;
                        store(values + token * width + part * BLOCK + i,
                              silu(load(gates + at)) * load(ups + at));
                    }
                }
            }
            for (int token = 0; token < tokens; ++token) {
                const float* of_token = values + token * width;
                work.hidden.set(token, record, of_token);
                if (keep_floats) {
                    const size_t at = static_cast<size_t>(token) * rows + record * GROUP;
                    std::memcpy(&work.wide[at], of_token, sizeof(float) * width);
                }
            }
        });
    }
};

}  // namespace swallow

#define SWALLOW_API extern "C" __attribute__((visibility("default")))

// Removes the active adapter.
SWALLOW_API void swallow_clear_adapter() { swallow::active_adapter().clear(); }

// Activates an adapter's matrices for one linear layer: scale · B(Ax) is added to its product. `a`
// is A [rank][columns], `b` is B [rows][rank]; both are copied.
SWALLOW_API void swallow_add_low_rank(int layer, int linear, int rows, int columns, int rank,
                                      float scale, const float* a, const float* b) {
    auto& low = swallow::active_adapter()[{layer, linear}];
    low.rank = rank;
    low.a.assign(a, a + static_cast<size_t>(rank) * columns);
    low.b.resize(static_cast<size_t>(rank) * rows);
    for (int row = 0; row < rows; ++row) {
        for (int i = 0; i < rank; ++i) {
            const size_t block = static_cast<size_t>(row / swallow::BLOCK) * rank + i;
            low.b[block * swallow::BLOCK + row % swallow::BLOCK] =
                scale * b[static_cast<size_t>(row) * rank + i];
        }
    }
}

OPENVINO_CREATE_EXTENSIONS(std::vector<ov::Extension::Ptr>({
    std::make_shared<ov::OpExtension<swallow::Projections>>(),
    std::make_shared<ov::OpExtension<swallow::Joined>>(),
    std::make_shared<ov::OpExtension<swallow::FeedForward>>(),
    std::make_shared<ov::OpExtension<swallow::Experts>>(),
}));
