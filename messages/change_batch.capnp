@0x872e4fb3cec38433;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("messages::schema");

# A batch of changes, as the change log keeps it and as nodes send it.
#
# A batch is columns, not rows: what all records have in common costs nothing, a column that no
# record needs is an empty pointer, and a later release adds a column without touching the others.
# Rules for that: fields are only ever added, at the end; a default (0, empty) means "unknown" or
# "nobody has it"; what falls out of use is renamed to obsolete… with its story and keeps its
# number. A change that an older reader would misunderstand raises oldestReader.
#
# "Numbers" columns are Data: unsigned integers, seven bits a byte, lowest first, the high bit set
# on all but an integer's last byte. Signed numbers are zigzag first: 0, -1, 1, -2 … become 0, 1,
# 2, 3 … Every column holds exactly as many items as the records ask for; anything else is a broken
# batch.

struct ChangeBatch {
  writerVersion @0 :UInt16;
  # Format of the writer. 0 = unknown, and refused.

  oldestReader @1 :UInt16;
  # Readers of an older format must refuse the batch.

  instant @2 :Int64;
  # When the log took the batch: milliseconds since 1970 UTC. The time of every record that has
  # none. 0 = not taken yet.

  source @3 :Text;
  # Who offers the batch: a file, a client, a stream. Empty = nobody who counts.

  sequence @4 :UInt64;
  # The batch's number at its source, rising; a batch that is offered again is known by it.
  # 0 = not numbered.

  heads @5 :List(UInt16);
  # One for each record, in the order in which they count. Bits, lowest first:
  #   0-2   kind: 1 event, 2 profile, 3 list add, 4 list remove, 5 merge, 6 erase,
  #         7 describe (since format 2)
  #   3     has a value                 -> values
  #   4     has a time                  -> times
  #   5     has properties              -> propertyCounts
  #   6-8   who: external id, e-mail, phone number           -> textSizes
  #   9-11  merged into: external id, e-mail, phone number   -> textSizes
  #   12    has a unique id                                  -> textSizes
  #   13    has a profile number        -> profiles
  #   14    who is the same texts as in the record before; bits 6-8 are 0 then
  #   15    the line is not the one after the record before  -> lines

  recordNames @6 :Data;
  # Numbers: index into the names, of events (metric), list changes (list) and descriptions
  # (kind of object).

  times @7 :Data;
  # Numbers, signed: milliseconds since the last time in this column; the first since 1970.

  values @8 :List(Float64);
  # Values of events. Finite.

  lines @9 :Data;
  # Numbers, signed: line of the input less that of the record before (0 before the first).

  profiles @10 :Data;
  # Numbers: the profile's number in its partition.

  propertyCounts @11 :Data;
  # Numbers, at least 1: how many of the property columns' next items are the record's.

  propertyNames @12 :Data;
  # Numbers: index into the names. One for each property.

  propertyKinds @13 :Data;
  # One byte for each property. Bits 0-2 kind (0 unset, 1 text, 2 number, 3 boolean, 4 list, 5
  # nested), 3-5 action (0 set, 1 unset, 2 append, 3 remove, 4 fill), 6 the truth of a boolean.

  propertyNumbers @14 :List(Float64);
  # Of properties of kind number. Finite.

  nameCount @15 :UInt32;
  # Names of metrics, lists, event properties and attribute paths, each once. The first texts of
  # all.

  textSizes @16 :Data;
  # Numbers: the bytes of each text. Texts come in this order: the names; then for each record who,
  # into, unique id, and its properties' texts (kinds text, list and nested).

  texts @17 :Data;
  # All texts, one after the other. Lists are encoded as model/value.hpp says.
}
