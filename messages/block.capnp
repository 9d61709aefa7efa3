# How blocks of columns lie in storage. One block is one single-segment message without framing,
# followed by one word: the XXH3 (64 bits) of all words before it. Columns are Data, so they start
# on a word and are read where they lie in the memory map. Numbers in columns are little-endian and
# unsigned unless said otherwise. Fields are only ever added; a field's default means "as before it
# existed".
#
# Sizes are redundant on purpose: a reader compares the length of every column with the number of
# its rows before it believes either.
@0xe2b1dca9c3da0704;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("messages");

struct IntegerColumn {
  # Row i is base + scale * raw(i), in 64-bit two's complement arithmetic.

  base @0 :Int64;
  scale @1 :Int64 = 1;
  # Greatest common divisor of the distances from the base; never below 1.

  width @2 :UInt8;
  # Bytes of a raw: 0 (every raw is 0 and there is no data), 1, 2, 4 or 8.

  raws @3 :Data;
}

struct NumberColumn {
  # Doubles, exactly. NaN = no value.

  form @0 :Form;
  divisor @1 :Float64 = 1;
  # Of form integers: a row is integers(i) / divisor, and the division gives back the very double
  # that was stored. 1, 100 or 1000.

  hasNone @2 :Bool;
  # Of form integers: the raw that is all ones means "no value".

  integers @3 :IntegerColumn;
  doubles @4 :Data;
  # Of form doubles: 8 bytes a row.

  enum Form {
    allNone @0;
    # No row has a value; there is no data.
    integers @1;
    doubles @2;
  }
}

struct Dictionary {
  # Distinct values. Entry c (from 1) stands at place c - 1 of each column. Numbers follow
  # model::value_kind: text 1, number 2, boolean 3, list 4, nested 5.

  size @0 :UInt32;

  kind @1 :UInt8;
  # Kind of every entry; 0 = the kinds differ, see `kinds`.

  kinds @2 :Data;
  # One byte an entry.

  numbers @3 :Data;
  # 8 bytes an entry, doubles (0 where the entry is no number or boolean). Empty: no entry has a
  # number.

  offsets @4 :Data;
  # 4 bytes, one more than entries, from 0 upwards: where an entry's text starts and ends in
  # `bytes`. Empty: no entry has text.

  bytes @5 :Data;

  instants @6 :IntegerColumn;
  # The instants that the entries name, milliseconds since 1970 UTC, one an entry. Absent: some
  # entry is no text that names an instant, or an older release wrote the block.
}

struct CodedColumn {
  name @0 :UInt32;
  # Number of the property or attribute in the partition.

  width @1 :UInt8;
  # Bytes of a code: 0 (every row has `constant` and there is no data), 1, 2 or 4. Code 0 = not set.

  constant @2 :UInt32;
  codes @3 :Data;
  dictionary @4 :Dictionary;
}

struct UniqueIds {
  # Unique ids as templates that many share and numbers of up to 128 bits; see
  # storage/unique_id.hpp.

  templates @0 :CodedColumn;
  # Texts: one byte storage::id_shape, one byte digits, the prefix. Every event has one; `name` is
  # not used.

  high @1 :IntegerColumn;
  low @2 :IntegerColumn;
  # The number's halves. Any 64 bits: the signed arithmetic wraps around. Of no meaning where the
  # shape has no number.
}

struct EventBlock {
  # One metric's events of up to 65536 neighbouring profiles, profile by profile, each profile's in
  # time order.

  appliedSequence @0 :UInt64;
  # The change log is folded in up to here.

  rows @1 :UInt32;
  # How many profiles.

  events @2 :UInt32;

  first @3 :Data;
  # 4 bytes, one more than rows: profile r has the events first[r] up to first[r + 1]. Empty: the
  # sparse form.

  sparseRows @4 :Data;
  # 2 bytes each: the profiles that have events, ascending.

  sparseWidth @5 :UInt8;
  sparseCounts @6 :Data;
  # 1, 2 or 4 bytes each: how many events each of them has, at least 1.

  times @7 :IntegerColumn;
  # Milliseconds since 1970 UTC.

  values @8 :NumberColumn;
  ids @9 :UniqueIds;
  properties @10 :List(CodedColumn);
  # Ascending by name; every one is set for some event.
}

struct AttributeBlock {
  # One attribute of neighbouring profiles.

  appliedSequence @0 :UInt64;
  rows @1 :UInt32;
  column @2 :CodedColumn;
}
