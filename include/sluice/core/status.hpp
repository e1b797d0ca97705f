// Status and Result: errors are values. A message names the tensor, file or option at fault, what was expected and
// what was found. No exceptions, no heap.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "sluice/core/text.hpp"

namespace sluice::inline SLUICE_ABI {

enum class Error : std::uint8_t {
    none,
    argument,  // the caller asked for something that cannot be: a gate that does not exist, an image of another size
    file,      // a file cannot be opened or read
    format,    // bytes are not what their format demands
    mismatch,  // a well-formed file does not belong to this network: tensor missing, left over, ill-shaped
    memory,    // a region is too small or not aligned
    device,    // a GPU: none that can be used, or a call of its driver or libraries that failed
    verify,    // a result differs from the one stored beside the weights
};

class [[nodiscard]] Status {
  public:
    Status() = default;
    template <class... Parts>
    static Status error(Error kind, const Parts&... parts) {
        Status s;
        s.kind_ = kind;
        (s.message_.append(parts), ...);
        return s;
    }

    explicit operator bool() const { return kind_ == Error::none; }
    Error kind() const { return kind_; }
    const char* message() const { return message_.c_str(); }  // empty if all went well

  private:
    Error kind_ = Error::none;
    Text<230> message_;
};

// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}
    Result(Status status) : status_(std::move(status)) {}

    explicit operator bool() const { return value_.has_value(); }
    const Status& status() const { return status_; }
    const char* message() const { return status_.message(); }
    // Only after a check: taking a value that is not there is a bug of the program, which stops at once.
    const T& operator*() const { return checked(), *value_; }
    const T* operator->() const { return checked(), &*value_; }
    T take() { return checked(), std::move(*value_); }  // for what can only be moved, such as a mapped file

  private:
    std::optional<T> value_;
    Status status_;

    void checked() const {
        if (!value_) __builtin_trap();
    }
};

}  // namespace sluice
