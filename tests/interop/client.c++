// The C++ side of the interop tests: `client ADDRESS` runs every case and
// prints a line for each; `client ADDRESS bench NAME SECONDS` prints calls/s.
#include <capnp/dynamic.h>
#include <capnp/pretty-print.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>

#include "service.h"

static int failures = 0;
static capnp::EzRpcClient* rpc = nullptr;

static kj::WaitScope& scope() { return rpc->getWaitScope(); }
static Service::Client service() { return rpc->getMain<Service>(); }
static kj::Timer& timer() { return rpc->getIoProvider().getTimer(); }

static void test(const char* name, std::function<void()> body) {
  auto error = kj::runCatchingExceptions([&]() { body(); });
  KJ_IF_MAYBE (e, error) {
    failures++;
    printf("FAIL %s: %s\n", name, kj::str(e->getDescription()).cStr());
  } else {
    printf("ok %s\n", name);
  }
  fflush(stdout);
}

template <typename Send>
static void throws(Send send, kj::Exception::Type type, const char* reason) {
  auto error = kj::runCatchingExceptions([&]() { send(); });
  KJ_IF_MAYBE (e, error) {
    KJ_REQUIRE(e->getType() == type, (uint)e->getType(), e->getDescription());
    KJ_REQUIRE(strstr(e->getDescription().cStr(), reason) != nullptr,
               e->getDescription());
  } else {
    KJ_FAIL_REQUIRE("nothing was thrown", reason);
  }
}

static void fail(uint kind) {
  auto request = service().failRequest();
  request.setKind(kind);
  request.send().wait(scope());
}

static Counter::Client counter(uint start) {
  auto request = service().counterRequest();
  request.setStart(start);
  return request.send().getCounter();
}

static kj::Promise<uint> next(Counter::Client cap, uint expect) {
  auto request = cap.nextRequest();
  request.setExpect(expect);
  return request.send().then(
      [](capnp::Response<Counter::NextResults> r) { return r.getValue(); });
}

static void fillSpecs(capnp::List<Spec>::Builder specs) {
  for (uint i = 0; i < specs.size(); i++) {
    auto spec = specs[i];
    spec.setName(kj::str("web-", i));
    spec.setCommit("0123456789abcdef");
    spec.setCpuMilli(1000 + i);
    spec.setMemoryMib(i);
    spec.setReplicas(3);
    spec.setPriority(-5);
    spec.setExclusive(i % 2);
    spec.setGeneration(i);
    spec.initLabels(1).set(0, "zone=a");
  }
}

static uint publish(uint count) {
  auto request = service().publishRequest();
  fillSpecs(request.initSpecs(count));
  auto response = request.send().wait(scope());
  KJ_REQUIRE(response.getMemoryMib() == uint64_t(count) * (count - 1) / 2);
  return response.getCount();
}

static void fillTypes(AllTypes::Builder t) {
  t.setBool(false);
  t.setInt8(-100);
  t.setInt16(-30000);
  t.setInt32(-2000000000);
  t.setInt64(-9007199254740993ll);
  t.setUint8(200);
  t.setUint16(60000);
  t.setUint32(4000000001u);
  t.setUint64(18446744073709551614ull);
  t.setFloat32(1.25f);
  t.setFloat64(-1e300);
  t.setText("gr\xc3\xbc\xc3\x9f dich, \xf0\x9f\x98\x80, a text that is longer than the short ones");
  t.setData(kj::heapArray<kj::byte>({0, 1, 255}));
  t.setColor(Color::RED);
  auto nested = t.initNested();
  nested.setText("inside");
  nested.getChoice().setNumber(-5);
  t.setBools({true, false, true, true, false, false, false, true, true});
  t.setInt8s({-1, 2, -3});
  t.setUint16s({1, 65535});
  t.setInt32s({-1, 2147483647});
  t.setInt64s({-1, 9007199254740993ll});
  t.setUint64s({1, 18446744073709551615ull});
  t.setFloat32s({0.5f});
  t.setFloat64s({0.25, -0.125});
  t.setTexts({"a", "", "c"});
  auto datas = t.initDatas(2);
  datas.set(1, kj::heapArray<kj::byte>({7}));
  t.setColors({Color::GREEN, Color::BLUE});
  auto structs = t.initStructs(2);
  structs[0].setFlag(true);
  structs[1].setLabel("second");
  auto lists = t.initLists(2);
  lists.init(0, 2).set(1, 5);
  t.initVoids(3);
  auto words = t.getChoice().initWords();
  words.setFirst("one");
  words.setSecond(2);
}

static void valueCases() {
  test("first call", []() {
    auto r = service().readRequest().send().wait(scope());
    KJ_REQUIRE(r.getValue() == 42 && r.getText() == "forty-two");
  });
  test("all types come back", []() {
    auto request = service().typesRequest();
    fillTypes(request);
    auto sent = kj::str(request.asReader());
    auto r = request.send().wait(scope());
    KJ_REQUIRE(kj::str(r) == sent, kj::str(r), sent);
  });
  test("defaults come back", []() {
    auto request = service().typesRequest();
    auto sent = kj::str(request.asReader());
    auto r = request.send().wait(scope());
    KJ_REQUIRE(kj::str(r) == sent, kj::str(r), sent);
  });
  test("1000 specs", []() { KJ_REQUIRE(publish(1000) == 1000); });
  test("30 MB echo", []() {
    auto request = service().echoRequest();
    auto data = request.initData(30000000);
    for (size_t i = 0; i < data.size(); i += 4096) data[i] = i / 4096;
    auto copy = kj::heapArray<kj::byte>(data);
    auto r = request.send().wait(scope());
    KJ_REQUIRE(r.getData() == copy.asPtr());
  });
}

static void errorCases() {
  using Type = kj::Exception::Type;
  test("exceptions are typed", []() {
    throws([]() { fail(0); }, Type::FAILED, "it broke");
    throws([]() { fail(1); }, Type::OVERLOADED, "too much");
    throws([]() { fail(2); }, Type::DISCONNECTED, "gone");
    throws([]() { fail(3); }, Type::UNIMPLEMENTED, "not here");
    throws([]() { fail(4); }, Type::FAILED,
           "conflict: the parent is stale\nTry: read it again");
  });
  test("exception through a pipeline", []() {
    throws([]() { next(counter(4294967295u), 0).wait(scope()); },
           Type::FAILED, "no counter for you");
  });
  test("unknown interface, connection alive", []() {
    throws(
        []() {
          service().castAs<Unknown>().whatRequest().send().wait(scope());
        },
        Type::UNIMPLEMENTED, "");
    service().readRequest().send().wait(scope());
  });
  test("unknown method, connection alive", []() {
    auto cap = counter(0).castAs<NamedCounter>();
    throws([&]() { cap.nameRequest().send().wait(scope()); },
           Type::UNIMPLEMENTED, "");
    KJ_REQUIRE(next(cap, 1).wait(scope()) == 1);
  });
  test("null capability", []() {
    auto request = service().callBackRequest();
    request.setTimes(1);
    throws([&]() { request.send().wait(scope()); }, Type::FAILED, "null");
  });
}

static void capabilityCases() {
  test("call on a returned capability", []() {
    auto request = service().counterRequest();
    request.setStart(5);
    auto cap = request.send().wait(scope()).getCounter();
    KJ_REQUIRE(next(cap, 6).wait(scope()) == 6);
  });
  test("pipelined before the return", []() {
    KJ_REQUIRE(next(counter(1), 2).wait(scope()) == 2);
  });
  test("200 pipelined calls in order", []() {
    auto cap = counter(0);
    auto all = kj::heapArrayBuilder<kj::Promise<uint>>(200);
    for (uint i = 1; i <= 200; i++) all.add(next(cap, i));
    kj::joinPromises(all.finish()).wait(scope());
  });
  test("callback", []() {
    auto request = service().callBackRequest();
    request.setCap(kj::heap<CounterImpl>(0));
    request.setTimes(50);
    KJ_REQUIRE(request.send().wait(scope()).getLast() == 50);
  });
  test("own capability passed back", []() {
    Counter::Client own = kj::heap<CounterImpl>(0);
    auto request = service().echoCapRequest();
    request.setCap(own);
    auto back = request.send().wait(scope()).getCap();
    KJ_REQUIRE(next(back, 1).wait(scope()) == 1);
    KJ_REQUIRE(next(own, 2).wait(scope()) == 2);
  });
  test("embargo: pipelined on an own capability that comes back", []() {
    Counter::Client own = kj::heap<CounterImpl>(0);
    auto request = service().echoCapRequest();
    request.setCap(own);
    auto sent = request.send();
    auto back = sent.getCap();
    auto all = kj::heapArrayBuilder<kj::Promise<uint>>(20);
    for (uint i = 1; i <= 10; i++) all.add(next(back, i));
    auto response = sent.wait(scope());
    for (uint i = 11; i <= 20; i++) all.add(next(back, i));
    kj::joinPromises(all.finish()).wait(scope());
  });
  test("promised capability as a parameter", []() {
    auto paf = kj::newPromiseAndFulfiller<Counter::Client>();
    auto request = service().callBackRequest();
    request.setCap(kj::mv(paf.promise));
    request.setTimes(10);
    auto sent = request.send();
    timer().afterDelay(20 * kj::MILLISECONDS).wait(scope());
    paf.fulfiller->fulfill(kj::heap<CounterImpl>(0));
    KJ_REQUIRE(sent.wait(scope()).getLast() == 10);
  });
  test("promised parameter that breaks", []() {
    auto paf = kj::newPromiseAndFulfiller<Counter::Client>();
    auto request = service().callBackRequest();
    request.setCap(kj::mv(paf.promise));
    request.setTimes(1);
    auto sent = request.send();
    paf.fulfiller->reject(KJ_EXCEPTION(FAILED, "never came"));
    throws([&]() { sent.wait(scope()); }, kj::Exception::Type::FAILED,
           "never came");
  });
  test("embargo: promise that comes back and resolves here", []() {
    auto paf = kj::newPromiseAndFulfiller<Counter::Client>();
    auto request = service().echoCapRequest();
    request.setCap(kj::mv(paf.promise));
    auto back = request.send().wait(scope()).getCap();
    auto all = kj::heapArrayBuilder<kj::Promise<uint>>(20);
    for (uint i = 1; i <= 10; i++) all.add(next(back, i));
    timer().afterDelay(10 * kj::MILLISECONDS).wait(scope());
    paf.fulfiller->fulfill(kj::heap<CounterImpl>(0));
    for (uint i = 11; i <= 20; i++) all.add(next(back, i));
    kj::joinPromises(all.finish()).wait(scope());
  });
  test("promise of the server resolves", []() {
    auto request = service().laterCounterRequest();
    request.setMs(20);
    auto cap = request.send().wait(scope()).getCounter();
    auto all = kj::heapArrayBuilder<kj::Promise<uint>>(20);
    for (uint i = 1; i <= 10; i++) all.add(next(cap, i));
    cap.whenResolved().wait(scope());
    for (uint i = 11; i <= 20; i++) all.add(next(cap, i));
    kj::joinPromises(all.finish()).wait(scope());
  });
  test("promise of the server passed back to it", []() {
    auto later = service().laterCounterRequest();
    later.setMs(20);
    auto request = service().callBackRequest();
    request.setCap(later.send().getCounter());
    request.setTimes(3);
    KJ_REQUIRE(request.send().wait(scope()).getLast() == 3);
  });
  test("held capability outlives its call", []() {
    Counter::Client own = kj::heap<CounterImpl>(7);
    auto hold = service().holdRequest();
    hold.setCap(own);
    hold.send().wait(scope());
    auto cap = service().heldRequest().send().wait(scope()).getCap();
    KJ_REQUIRE(next(cap, 8).wait(scope()) == 8);
  });
  test("5000 capabilities taken and dropped", []() {
    auto all = kj::heapArrayBuilder<kj::Promise<uint>>(5000);
    for (uint i = 0; i < 5000; i++) all.add(next(counter(i), i + 1));
    kj::joinPromises(all.finish()).wait(scope());
    service().readRequest().send().wait(scope());
  });
}

static void timeCases() {
  test("cancellation reaches the server", []() {
    {
      auto request = service().waitRequest();
      request.setToken("dropped");
      auto sent = request.send();
      service().readRequest().send().wait(scope());
    }
    for (uint i = 0; i < 200; i++) {
      auto r = service().cancelledRequest().send().wait(scope());
      for (auto token : r.getTokens()) {
        if (token == "dropped") return;
      }
      timer().afterDelay(10 * kj::MILLISECONDS).wait(scope());
    }
    KJ_FAIL_REQUIRE("the server was not told");
  });
  test("500 calls of 100 ms at once", []() {
    auto begin = timer().now();
    auto all = kj::heapArrayBuilder<kj::Promise<void>>(500);
    for (uint i = 0; i < 500; i++) {
      auto request = service().sleepRequest();
      request.setMs(100);
      all.add(request.send().ignoreResult());
    }
    kj::joinPromises(all.finish()).wait(scope());
    // One after another they would take 50 s.
    KJ_REQUIRE(timer().now() - begin < 20 * kj::SECONDS);
  });
}

static kj::Promise<void> readForever(uint64_t& done, bool& stop) {
  if (stop) return kj::READY_NOW;
  return service().readRequest().send().then(
      [&done, &stop](capnp::Response<Service::ReadResults>) {
        done++;
        return readForever(done, stop);
      });
}

// Calls one after another, or 64 at once, for the given time.
static void bench(const char* name, double seconds) {
  using Clock = std::chrono::steady_clock;
  uint64_t done = 0;
  auto begin = Clock::now();
  auto elapsed = [&]() {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  if (strcmp(name, "sequential") == 0) {
    while (elapsed() < seconds) {
      for (uint i = 0; i < 50; i++, done++) {
        service().readRequest().send().wait(scope());
      }
    }
  } else if (strcmp(name, "publish1000") == 0) {
    for (; elapsed() < seconds; done++) publish(1000);
  } else if (strcmp(name, "inFlight64") == 0) {
    bool stop = false;
    auto all = kj::heapArrayBuilder<kj::Promise<void>>(64);
    for (uint i = 0; i < 64; i++) all.add(readForever(done, stop));
    auto joined = kj::joinPromises(all.finish());
    timer().afterDelay(uint64_t(seconds * 1000) * kj::MILLISECONDS)
        .wait(scope());
    stop = true;
    joined.wait(scope());
  } else {
    KJ_FAIL_REQUIRE("no such benchmark", name);
  }
  printf("%.1f\n", done / elapsed());
}

int main(int argc, char** argv) {
  KJ_REQUIRE(argc == 2 || argc == 5, "client ADDRESS [bench NAME SECONDS]");
  capnp::EzRpcClient client(argv[1], 0, largeMessages());
  rpc = &client;
  if (argc == 5) {
    bench(argv[3], atof(argv[4]));
    return 0;
  }
  valueCases();
  errorCases();
  capabilityCases();
  timeCases();
  printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
