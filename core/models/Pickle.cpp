#include "core/models/Pickle.h"

#include <bit>

#include "core/models/Opcodes.h"
#include "core/models/PickleMachine.h"

namespace lorkd::models {

using Kind = Value::Kind;

Result<Unpickled> PickleMachine::run() {
  m_none = *m_rebuild.add({.kind = Kind::None});
  m_true = *m_rebuild.add({.kind = Kind::Bool, .integer = 1});
  m_false = *m_rebuild.add({.kind = Kind::Bool, .integer = 0});
  while (true) {
    LORKD_TRY(opcode, number<unsigned char>());
    if (opcode == STOP) break;
    LORKD_CHECK(step(opcode));
  }
  LORKD_CHECK(m_rebuild.finish());
  LORKD_TRY(root, pop());
  if (!m_stack.empty() || !m_marks.empty()) return damagedPickle("it ends with values that belong nowhere");
  m_out.tree.root = root;
  m_out.length = m_at;
  if (depthOf(m_out.tree, root) > deepestPickle)
    return fail(ErrorCode::Unsupported,
                "values lie in one another deeper than " + std::to_string(deepestPickle) + " levels",
                "it may have been made to do harm");
  return std::move(m_out);
}

/// Numbers, texts and names.
Result<void> PickleMachine::scalarStep(unsigned char opcode) {
  switch (opcode) {
    case NONE:
      return push(Result<Id>(m_none));
    case NEWTRUE:
      return push(Result<Id>(m_true));
    case NEWFALSE:
      return push(Result<Id>(m_false));
    case BININT: {
      LORKD_TRY(value, number<std::int32_t>());
      return push({.kind = Kind::Int, .integer = value});
    }
    case BININT1: {
      LORKD_TRY(value, number<std::uint8_t>());
      return push({.kind = Kind::Int, .integer = value});
    }
    case BININT2: {
      LORKD_TRY(value, number<std::uint16_t>());
      return push({.kind = Kind::Int, .integer = value});
    }
    case LONG1: {
      LORKD_TRY(bytes, counted<std::uint8_t>());
      return integer(bytes);
    }
    case LONG4: {
      LORKD_TRY(bytes, counted<std::uint32_t>());
      return integer(bytes);
    }
    case BINFLOAT: {  // the only number that is written highest byte first
      LORKD_TRY(value, number<std::uint64_t>());
      return push({.kind = Kind::Real, .real = std::bit_cast<double>(__builtin_bswap64(value))});
    }
    case SHORT_BINSTRING:
      return text(Kind::Text, counted<std::uint8_t>());
    case BINSTRING:
      return text(Kind::Text, counted<std::uint32_t>());
    case SHORT_BINUNICODE:
      return text(Kind::Text, counted<std::uint8_t>());
    case BINUNICODE:
      return text(Kind::Text, counted<std::uint32_t>());
    case BINUNICODE8:
      return text(Kind::Text, counted<std::uint64_t>());
    case SHORT_BINBYTES:
      return text(Kind::Bytes, counted<std::uint8_t>());
    case BINBYTES:
      return text(Kind::Bytes, counted<std::uint32_t>());
    case BINBYTES8:
    case BYTEARRAY8:
      return text(Kind::Bytes, counted<std::uint64_t>());
    case GLOBAL:
      return global();
    case STACK_GLOBAL:
      return stackGlobal();
    default:
      return fail(ErrorCode::Unsupported,
                  "the pickle holds opcode " + std::to_string(opcode) + ", which none of PyTorch's files does",
                  "load the file with PyTorch and save it again");
  }
}

/// Stack, marks and memo.
Result<void> PickleMachine::stackStep(unsigned char opcode) {
  switch (opcode) {
    case MARK:
      if (m_marks.size() >= mostValues) return damagedPickle("its marks grow without end");
      m_marks.push_back(m_stack.size());
      return {};
    case POP:
      if (!m_marks.empty() && m_stack.size() == m_marks.back()) {
        m_marks.pop_back();
        return {};
      }
      LORKD_CHECK(pop());
      return {};
    case POP_MARK:
      LORKD_CHECK(aboveMark());
      return {};
    case DUP:
      return push(top());
    case BINPUT: {
      LORKD_TRY(place, number<std::uint8_t>());
      return put(place);
    }
    case LONG_BINPUT: {
      LORKD_TRY(place, number<std::uint32_t>());
      return put(place);
    }
    case MEMOIZE:
      return put(static_cast<std::uint32_t>(m_memo.size()));
    case BINGET: {
      LORKD_TRY(place, number<std::uint8_t>());
      return get(place);
    }
    case LONG_BINGET: {
      LORKD_TRY(place, number<std::uint32_t>());
      return get(place);
    }
    case BINPERSID: {
      LORKD_TRY(id, pop());
      return push(m_rebuild.persistent(id));
    }
    case PROTO: {
      LORKD_TRY(protocol, number<std::uint8_t>());
      if (protocol < 2 || protocol > 5)
        return fail(ErrorCode::Unsupported, "the pickle is of protocol " + std::to_string(protocol),
                    "protocols 2 to 5 are read; load the file with PyTorch and save it again");
      return {};
    }
    case FRAME: {  // only says how much may be read at once
      LORKD_TRY(length, number<std::uint64_t>());
      if (length > m_bytes.size() - m_at) return damagedPickle("it is cut short");
      return {};
    }
    default:
      return scalarStep(opcode);
  }
}

Result<void> PickleMachine::step(unsigned char opcode) {
  switch (opcode) {
    case EMPTY_LIST:
      return push({.kind = Kind::List});
    case EMPTY_DICT:
      return push({.kind = Kind::Dict});
    case EMPTY_TUPLE:
      return push({.kind = Kind::Tuple});
    case EMPTY_SET:
      return push({.kind = Kind::Set});
    case LIST:
      return collect(Kind::List);
    case DICT:
      return collect(Kind::Dict);
    case TUPLE:
      return collect(Kind::Tuple);
    case FROZENSET:
      return collect(Kind::Set);
    case TUPLE1:
      return tuple(1);
    case TUPLE2:
      return tuple(2);
    case TUPLE3:
      return tuple(3);
    case APPEND:
      return appendOne();
    case APPENDS: {
      LORKD_TRY(items, aboveMark());
      return append(items, Kind::List);
    }
    case ADDITEMS: {
      LORKD_TRY(items, aboveMark());
      return append(items, Kind::Set);
    }
    case SETITEM:
      return setOne();
    case SETITEMS: {
      LORKD_TRY(items, aboveMark());
      return set(items);
    }
    case REDUCE:
    case NEWOBJ:
      return call(false);
    case NEWOBJ_EX:
      return call(true);
    case BUILD:
      return build();
    default:
      return stackStep(opcode);
  }
}

Result<Unpickled> unpickle(std::string_view bytes) {
  if (bytes.size() > mostPickleBytes) bytes = bytes.substr(0, mostPickleBytes);
  return PickleMachine(bytes).run();
}

}  // namespace lorkd::models
