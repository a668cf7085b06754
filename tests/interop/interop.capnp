@0xa2f4c1b39d6e7058;
# What the interop tests and the benchmark call, in C++ and here.

struct Spec {
  # About 120 bytes on the wire.
  name @0 :Text;
  commit @1 :Text;
  cpuMilli @2 :UInt32;
  memoryMib @3 :UInt32;
  replicas @4 :UInt16;
  priority @5 :Int16;
  exclusive @6 :Bool;
  generation @7 :UInt64;
  labels @8 :List(Text);
}

interface Service {
  read @0 () -> (value :UInt64, text :Text);
  publish @1 (specs :List(Spec)) -> (count :UInt32, memoryMib :UInt64);
  echo @2 (data :Data) -> (data :Data);
  fail @3 (kind :UInt16) -> ();
  # 0 failed, 1 overloaded, 2 disconnected, 3 unimplemented, 4 our `conflict: ...` with a hint.

  counter @4 (start :UInt32) -> (counter :Counter);
  # A new object. start 4294967295 fails.

  echoCap @5 (cap :Counter) -> (cap :Counter);
  # Gives the capability back, which may be a promise.

  callBack @6 (cap :Counter, times :UInt32) -> (last :UInt32);
  # Calls `next` on it and returns the last value.

  hold @7 (cap :Counter) -> ();
  # Keeps it until the next hold, or the end.

  held @8 () -> (cap :Counter);
  wait @9 (token :Text) -> ();
  # Never returns; the server remembers that it was cancelled.

  cancelled @10 () -> (tokens :List(Text));
  sleep @11 (ms :UInt32) -> (ms :UInt32);
  types @12 AllTypes -> AllTypes;
  # Gives back what it got.

  laterCounter @13 (ms :UInt32) -> (counter :Counter);
  # Returns at once with a promise that comes to a counter after ms.
}

interface Counter {
  next @0 (expect :UInt32) -> (value :UInt32);
  # Adds one. Fails when expect is not 0 and not the new value: order is checked so.

  total @1 () -> (value :UInt32);
}

interface NamedCounter extends (Counter) {
  name @0 () -> (name :Text);
}

interface Unknown {
  # The server does not implement it.
  what @0 () -> ();
}

enum Color { red @0; green @1; blue @2; }

struct AllTypes {
  void @0 :Void;
  bool @1 :Bool = true;
  int8 @2 :Int8 = -8;
  int16 @3 :Int16 = -16;
  int32 @4 :Int32 = -32;
  int64 @5 :Int64 = -64;
  uint8 @6 :UInt8 = 8;
  uint16 @7 :UInt16 = 16;
  uint32 @8 :UInt32 = 4000000000;
  uint64 @9 :UInt64 = 18446744073709551615;
  float32 @10 :Float32;
  float64 @11 :Float64 = 1.5;
  text @12 :Text;
  data @13 :Data;
  color @14 :Color = blue;
  nested @15 :AllTypes;
  bools @16 :List(Bool);
  int8s @17 :List(Int8);
  uint16s @18 :List(UInt16);
  int32s @19 :List(Int32);
  int64s @20 :List(Int64);
  uint64s @21 :List(UInt64);
  float32s @22 :List(Float32);
  float64s @23 :List(Float64);
  texts @24 :List(Text);
  datas @25 :List(Data);
  colors @26 :List(Color);
  structs @27 :List(Inner);
  lists @28 :List(List(Int32));
  voids @29 :List(Void);
  choice :union {
    none @30 :Void;
    number @31 :Int64;
    inner @32 :Inner;
    words :group {
      first @33 :Text;
      second @34 :UInt8;
    }
  }

  struct Inner {
    flag @0 :Bool;
    label @1 :Text;
  }
}
