// What our operations share: their attributes, cloning and shape inference.
#pragma once

#include <openvino/op/op.hpp>

#include "layout.hpp"

namespace swallow {

// Returns the number of rows of a matrix that has `bytes` bytes and `columns` columns.
inline int64_t rows_of(int64_t bytes, int64_t columns) {
    return bytes / block_bytes(columns) * BLOCK;
}

template <class Operation>
class Common : public ov::op::Op {
public:
    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
        auto clone = std::make_shared<Operation>();
        clone->copy_attributes(static_cast<const Operation&>(*this));
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
    void copy_attributes(const Common& other) {
        layer_ = other.layer_;
        epsilon_ = other.epsilon_;
    }

    // Returns the rows of the matrix of input `index`; throws unless it has whole blocks.
    int64_t rows(size_t index, int64_t columns) const {
        const auto bytes = get_input_partial_shape(index)[0].get_length();
        OPENVINO_ASSERT(columns >= GROUP && columns % PAIR == 0 && bytes > 0 &&
                            bytes % block_bytes(columns) == 0,
                        "input ", index, " has no whole blocks of ", columns, " columns");
        return rows_of(bytes, columns);
    }

    // Returns the shape of input 0 times the matrix of input `index`; throws unless they fit.
    ov::PartialShape product_shape(size_t index, int64_t columns) const {
        auto shape = get_input_partial_shape(0);
        shape[shape.size() - 1] = rows(index, columns);
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

}  // namespace swallow
