// The interop service in C++: what our client is tested against, and what the
// benchmark compares our server with.
#pragma once
#include <capnp/ez-rpc.h>
#include <capnp/message.h>
#include <capnp/rpc-twoparty.h>
#include <kj/async.h>
#include <kj/debug.h>
#include <kj/timer.h>

#include <string>
#include <vector>

#include "interop.capnp.h"

class CounterImpl final : public Counter::Server {
 public:
  explicit CounterImpl(uint32_t start) : value(start) {}

  kj::Promise<void> next(NextContext context) override {
    uint32_t expect = context.getParams().getExpect();
    ++value;
    KJ_REQUIRE(expect == 0 || expect == value, "out of order", expect, value);
    context.getResults().setValue(value);
    return kj::READY_NOW;
  }

  kj::Promise<void> total(TotalContext context) override {
    context.getResults().setValue(value);
    return kj::READY_NOW;
  }

 private:
  uint32_t value;
};

class ServiceImpl final : public Service::Server {
 public:
  explicit ServiceImpl(kj::Timer& timer) : timer(timer) {}

  kj::Promise<void> read(ReadContext context) override {
    auto results = context.getResults();
    results.setValue(42);
    results.setText("forty-two");
    return kj::READY_NOW;
  }

  kj::Promise<void> publish(PublishContext context) override {
    auto specs = context.getParams().getSpecs();
    uint64_t memory = 0;
    size_t text = 0;
    for (auto spec : specs) {
      memory += spec.getMemoryMib();
      text += spec.getName().size() + spec.getCommit().size();
      for (auto label : spec.getLabels()) text += label.size();
    }
    KJ_REQUIRE(specs.size() == 0 || text > 0);
    auto results = context.getResults();
    results.setCount(specs.size());
    results.setMemoryMib(memory);
    return kj::READY_NOW;
  }

  kj::Promise<void> echo(EchoContext context) override {
    context.getResults().setData(context.getParams().getData());
    return kj::READY_NOW;
  }

  kj::Promise<void> fail(FailContext context) override {
    switch (context.getParams().getKind()) {
      case 1:
        kj::throwFatalException(KJ_EXCEPTION(OVERLOADED, "too much"));
      case 2:
        kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "gone"));
      case 3:
        kj::throwFatalException(KJ_EXCEPTION(UNIMPLEMENTED, "not here"));
      case 4:
        kj::throwFatalException(kj::Exception(
            kj::Exception::Type::FAILED, "", 0,
            kj::str("conflict: the parent is stale\nTry: read it again")));
      default:
        kj::throwFatalException(KJ_EXCEPTION(FAILED, "it broke"));
    }
  }

  kj::Promise<void> counter(CounterContext context) override {
    uint32_t start = context.getParams().getStart();
    KJ_REQUIRE(start != 4294967295u, "no counter for you");
    context.getResults().setCounter(kj::heap<CounterImpl>(start));
    return kj::READY_NOW;
  }

  kj::Promise<void> echoCap(EchoCapContext context) override {
    context.getResults().setCap(context.getParams().getCap());
    return kj::READY_NOW;
  }

  kj::Promise<void> callBack(CallBackContext context) override {
    auto params = context.getParams();
    return again(params.getCap(), params.getTimes(), 0)
        .then([context](uint32_t last) mutable {
          context.getResults().setLast(last);
        });
  }

  kj::Promise<void> hold(HoldContext context) override {
    kept = context.getParams().getCap();
    return kj::READY_NOW;
  }

  kj::Promise<void> held(HeldContext context) override {
    KJ_IF_MAYBE (cap, kept) context.getResults().setCap(*cap);
    return kj::READY_NOW;
  }

  kj::Promise<void> wait(WaitContext context) override {
    std::string token = context.getParams().getToken().cStr();
    // In this version a server must say that its call may be cancelled.
    context.allowCancellation();
    auto note = kj::defer([this, token]() { tokens.push_back(token); });
    return kj::Promise<void>(kj::NEVER_DONE).attach(kj::mv(note));
  }

  kj::Promise<void> cancelled(CancelledContext context) override {
    auto list = context.getResults().initTokens(tokens.size());
    for (size_t i = 0; i < tokens.size(); i++) list.set(i, tokens[i].c_str());
    return kj::READY_NOW;
  }

  kj::Promise<void> sleep(SleepContext context) override {
    uint32_t ms = context.getParams().getMs();
    return timer.afterDelay(ms * kj::MILLISECONDS)
        .then([context, ms]() mutable { context.getResults().setMs(ms); });
  }

  kj::Promise<void> types(TypesContext context) override {
    context.setResults(context.getParams());
    return kj::READY_NOW;
  }

  kj::Promise<void> laterCounter(LaterCounterContext context) override {
    uint32_t ms = context.getParams().getMs();
    context.getResults().setCounter(
        timer.afterDelay(ms * kj::MILLISECONDS).then([]() -> Counter::Client {
          return kj::heap<CounterImpl>(0);
        }));
    return kj::READY_NOW;
  }

 private:
  kj::Timer& timer;
  kj::Maybe<Counter::Client> kept;
  std::vector<std::string> tokens;

  static kj::Promise<uint32_t> again(Counter::Client cap, uint32_t times,
                                     uint32_t last) {
    if (times == 0) return last;
    return cap.nextRequest().send().then(
        [cap, times](capnp::Response<Counter::NextResults> result) mutable {
          return again(kj::mv(cap), times - 1, result.getValue());
        });
  }
};

// Messages of the tests are larger than the default of 8 Mi words allows.
inline capnp::ReaderOptions largeMessages() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 64 * 1024 * 1024;
  return options;
}
