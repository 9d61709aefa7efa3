@0xb2f0a4d6c1e97a55;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("messages::schema");

# One thing that somebody has an account do, as nodes put it in order and perform it.
#
# Fields are only ever added, at the end. An operation that an older reader would misunderstand
# raises oldestReader; a new kind does so by itself, since readers refuse kinds that they do not
# know.

struct Operation {
  writerVersion @0 :UInt16;
  # Format of the writer. 0 = unknown, and refused.

  oldestReader @1 :UInt16;

  kind @2 :UInt16;
  # messages::operation_kind, which says what the other fields mean.

  instant @3 :Int64;
  # The account's clock when it is performed, milliseconds since 1970 UTC; 0 = not in order yet.

  account @4 :Text;
  # Name of the account.

  texts @5 :List(Text);

  isSo @6 :Bool;

  batch @7 :Data;
  # A flat ChangeBatch.
}
