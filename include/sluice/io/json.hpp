// JsonCursor: reads strict JSON (RFC 8259) from a text, front to back, without memory of its own.
//
// Only what a safetensors header is made of: objects, arrays, strings, unsigned integers. The caller knows what must
// come next and asks for it; anything else is an error. So there is no tree, no recursion and no stack of brackets: a
// text nested a million deep is refused at the first bracket that nobody asked for.
//
// The first error stays. After it every call answers "nothing here", so that loops end by themselves and the caller
// asks status() once, at the end:
//
//     for (bool more = json.open('{'); more; more = json.next('}')) {
//         const auto key = json.key();
//         ...
//     }
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "sluice/core/status.hpp"
#include "sluice/io/quote.hpp"
#include "sluice/io/utf8.hpp"

namespace sluice::inline SLUICE_ABI::io {

class JsonCursor {
  public:
    // A string as written between its quotes; with `escaped` it is not yet what it stands for. `at` counts from the
    // beginning of the text.
    struct String {
        std::string_view raw;
        std::size_t at = 0;
        bool escaped = false;
    };

    explicit JsonCursor(std::string_view text) : text_(text) {}

    const Status& status() const { return status_; }
    std::size_t position() const { return at_; }  // of the next unread byte
    // Steps over white space. Every other function does so before it reads.
    void space() {
        while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
    }

    // Steps into an object ('{') or array ('['). True if there is a first element, which the caller reads next; false
    // if it is empty.
    bool open(char bracket) {
        if (!expect(bracket, bracket == '{' ? "an object" : "an array")) return false;
        return !skip(bracket == '{' ? '}' : ']');
    }

    // After an element. True after a comma, so that one more is read next; false at the closing bracket.
    bool next(char bracket) {
        if (skip(',')) return true;
        expect(bracket, bracket == '}' ? "',' or '}'" : "',' or ']'");
        return false;
    }

    // A string. Its escapes and its UTF-8 are checked, not changed.
    String string() {
        if (!expect('"', "a string")) return {};
        String s{.raw = {}, .at = at_ - 1, .escaped = false};
        const std::size_t first = at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            const char c = text_[at_];
            if (c == '\\') {
                s.escaped = true;
                if (!escape()) return {};
            } else if (static_cast<unsigned char>(c) < 0x20) {
                return fail(at_, "a string holds ", shown(c), "; control characters must be escaped"), String{};
            } else {
                const int length = utf8_length(rest());
                if (length == 0) return fail(at_, "not UTF-8: ", shown(c)), String{};
                at_ += static_cast<std::size_t>(length);
            }
        }
        s.raw = {text_.data() + first, at_ - first};
        if (!expect('"', "the end of a string")) return {};
        return s;
    }

    // A string and the colon after it.
    String key() {
        const String s = string();
        return expect(':', "':' after a key") ? s : String{};
    }

    // 0 to 2^64 - 1, digits only. A sign, a fraction, an exponent and leading zeros are errors.
    std::uint64_t number() {
        space();
        const std::size_t first = at_;
        std::uint64_t value = 0;
        for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
            const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
            if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
                return fail(first, "a number above 2^64 - 1"), 0;
            value = 10 * value + digit;
        }
        if (at_ == first || (at_ < text_.size() && (text_[at_] == '.' || (text_[at_] | 0x20) == 'e')))
            return fail(at_, "expected an unsigned integer, found ", found()), 0;
        if (text_[first] == '0' && at_ - first > 1) return fail(first, "a number with leading zeros"), 0;
        return value;
    }

    // Nothing may follow but white space.
    void end() {
        space();
        if (at_ < text_.size()) fail(at_, "expected nothing more, found ", found());
    }

    // Records an error at a byte of the text, unless there is one already.
    template <class... Parts>
    void fail(std::size_t at, const Parts&... parts) {
        stop(Status::error(Error::format, "header byte ", at, ": ", parts...));
    }
    void stop(const Status& reason) {
        if (status_) status_ = reason;
        at_ = text_.size();  // nothing more to read: every loop ends
    }

  private:
    static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

    // Not substr(): that checks again, and brings the exceptions of the standard library into the program.
    std::string_view rest() const { return {text_.data() + at_, text_.size() - at_}; }
    bool skip(char c) {
        space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool expect(char c, std::string_view what) {
        if (skip(c)) return true;
        fail(at_, "expected ", what, ", found ", found());
        return false;
    }
    Text<24> found() const {
        return at_ < text_.size() ? text<24>(shown(text_[at_])) : Text<24>("the end of the header");
    }

    // At a backslash. Steps over the escape if it is one of JSON's; a \u that is half of a UTF-16 pair needs the other.
    bool escape() {
        const std::size_t first = at_;
        const char c = ++at_ < text_.size() ? text_[at_] : '\0';
        if (c != 'u') {
            if (c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return ++at_, true;
            return fail(first, "not an escape of JSON"), false;
        }
        ++at_;
        const int unit = hex4();
        bool good = unit >= 0 && !is_low_half(unit);
        if (unit >= 0xD800 && unit <= 0xDBFF) {
            good = rest().starts_with("\\u");
            if (good) at_ += 2;
            good = good && is_low_half(hex4());
        }
        if (!good) fail(first, "\\u needs four hexadecimal digits, and one half of a UTF-16 pair the other half");
        return good;
    }
    static constexpr bool is_low_half(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

    // Four hexadecimal digits as a number, or -1.
    int hex4() {
        int value = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = at_ < text_.size() ? text_[at_] : '\0';
            const auto lower = static_cast<char>(c | 0x20);
            if (is_digit(c))
                value = 16 * value + (c - '0');
            else if (lower >= 'a' && lower <= 'f')
                value = 16 * value + (lower - 'a' + 10);
            else
                return -1;
        }
        return value;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Status status_;
};

}  // namespace sluice::inline SLUICE_ABI::io
