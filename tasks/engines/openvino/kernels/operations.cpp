// A Llama-style decoder block without attention as three OpenVINO operations over 4-bit matrices
// (`blocks.hpp`): Projections before attention, Joined after it, then FeedForward. Their names are
// in converted models.
//
// All values are float32. The last axis of an input is the model's width, the other axes together
// are the tokens. Matrices are constants of bytes (`convert/pack.py`). `build.py` compiles this
// against the installed OpenVINO.

#include <openvino/core/extension.hpp>
#include <openvino/core/op_extension.hpp>
#include <openvino/op/op.hpp>

#include "adapter.hpp"
#include "blocks.hpp"

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
        multiply_block(blocks + block * block_bytes(x.columns()), x, sums);
        if (low) low->add_block(block, inner, x.tokens(), sums);
    }
};

// Returns the number of rows of a matrix that has `bytes` bytes and `columns` columns.
static int64_t rows_of(int64_t bytes, int64_t columns) {
    return bytes / block_bytes(columns) * BLOCK;
}

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

// Returns memory for `size` floats of the calling thread, valid until its next call.
static float* scratch(size_t size) {
    thread_local std::vector<float> memory;
    if (memory.size() < size) memory.resize(size);
    return memory.data();
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

// x·sigmoid(x) of 16 values. The exponential is expf of the Cephes library: 2^n times a polynomial,
// with an error of at most 2 ulp.
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
    p = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r), one);
    const __m512 e = _mm512_scalef_ps(p, n);
    return _mm512_div_ps(x, _mm512_add_ps(one, e));
}

// RMSNorm (arXiv:1910.07467) of one token x [width]; `width` is a multiple of 16.
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

// Intermediate values of one evaluation, kept by the thread that evaluates for the next one.
struct Workspace {
    Activations x, hidden;      // rounded input [tokens][width] and feed-forward values
    std::vector<float> normed;  // normalised input, [tokens][width]
    std::vector<float> wide;    // feed-forward values [tokens][intermediate], for an adapter
};

static Workspace& workspace() {
    thread_local Workspace own;
    return own;
}

// Normalises all tokens x [tokens][width] into `work.normed` and rounds them into `work.x`.
static void normalise_into(Workspace& work, const float* x, const float* weight, float epsilon,
                           int tokens, int width) {
    work.x.resize(tokens, width);
    work.normed.resize(static_cast<size_t>(tokens) * width);
    tbb::parallel_for(0, tokens, [&](int token) {
        const size_t at = static_cast<size_t>(token) * width;
        normalise(x + at, weight, epsilon, width, &work.normed[at]);
        work.x.set(token, &work.normed[at]);
    });
}

// Returns the number of tokens and their width.
static std::pair<int, int> tokens_and_width(const ov::Tensor& x) {
    const int width = static_cast<int>(x.get_shape().back());
    return {static_cast<int>(x.get_size()) / width, width};
}

// What the operations share: their attributes, cloning and shape inference.
template <class Operation>
class Common : public ov::op::Op {
public:
    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
        auto clone = std::make_shared<Operation>();
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

protected:
    // Returns the shape of input 0 times the matrix of input `index`; throws unless they fit.
    ov::PartialShape product_shape(size_t index, int64_t columns) const {
        const auto bytes = get_input_partial_shape(index)[0].get_length();
        OPENVINO_ASSERT(columns >= GROUP && columns % PAIR == 0 && bytes > 0 &&
                            bytes % block_bytes(columns) == 0,
                        "input ", index, " has no whole blocks of ", columns, " columns");
        auto shape = get_input_partial_shape(0);
        shape[shape.size() - 1] = rows_of(bytes, columns);
        return shape;
    }

    // Returns the size of the last axis of input `index`.
    int64_t width(size_t index) const {
        const auto shape = get_input_partial_shape(index);
        return shape[shape.size() - 1].get_length();
    }

    int64_t layer_ = 0;
    float epsilon_ = 0;
};

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
        normalise_into(work, inputs[0].data<float>(), norm, epsilon_, tokens, width);
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
        normalise_into(work, x, inputs[1].data<float>(), epsilon_, tokens, width);
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
        work.hidden.resize(tokens, rows);
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
                    for (int i = 0; i < BLOCK; i += 16) {
                        const int at = token * BLOCK + i;
                        const __m512 value = _mm512_mul_ps(silu(_mm512_loadu_ps(gates + at)),
                                                           _mm512_loadu_ps(ups + at));
                        _mm512_storeu_ps(values + token * width + part * BLOCK + i, value);
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
}));
