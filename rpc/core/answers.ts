/**
 * The peer's calls to us: from Call or Bootstrap to Finish.
 *
 *     running --outcome--> returned --Finish--> gone
 *        \------Finish--> cancelled: Return(canceled), gone
 *
 * With `sendResultsTo.yourself` the outcome stays here and is taken by a
 * question of ours whose Return names it (takeFromOtherQuestion).
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Connection } from "./connection.ts";
import { asAppError, toWireException } from "./errors.ts";
import {
  type Content,
  type Hook,
  keep,
  type Payload,
  type Reply,
  type Started,
} from "./hook.ts";
import { BrokenCall, BrokenHook, nullHook } from "./hooks.ts";
import {
  MESSAGE,
  needStruct,
  pointerAt,
  readTarget,
  RETURN,
  uint16At,
  uint32At,
  writeException,
} from "./protocol.ts";
import { MalformedMessage, type Reader, type Segment } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** `Call.sendResultsTo` of rpc.capnp. */
const SEND_RESULTS_TO = { caller: 0, yourself: 1 } as const;

class Answer implements Reply {
  readonly id: number;
  /** The results stay here for a question of ours. */
  readonly redirect: boolean;
  readonly #answers: Answers;
  started: Started | undefined;
  done = false;
  finished = false;
  /** Exports that the results made. */
  exports: readonly number[] = [];
  /** The results, while they hold capabilities or wait to be taken. */
  payload: Payload | undefined;
  error: AppError | undefined;
  takers: Reply[] = [];

  constructor(answers: Answers, id: number, redirect: boolean) {
    this.#answers = answers;
    this.id = id;
    this.redirect = redirect;
  }

  results(content: Content): void {
    this.#answers.onResults(this, content);
  }

  exception(error: AppError): void {
    this.#answers.onException(this, error);
  }
}

export class Answers {
  readonly #connection: Connection;
  readonly #open = new Map<number, Answer>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get size(): number {
    return this.#open.size;
  }

  #add(id: number, redirect: boolean): Answer {
    if (this.#open.has(id)) {
      throw new MalformedMessage(`question ${id} asked twice`);
    }
    const answer = new Answer(this, id, redirect);
    this.#open.set(id, answer);
    return answer;
  }

  onBootstrap(id: number, bootstrap: () => Hook): void {
    const answer = this.#add(id, false);
    let hook: Hook;
    try {
      hook = bootstrap();
    } catch (error) {
      return answer.exception(asAppError(error));
    }
    answer.results({ write: (writer, at) => writer.capability(at, hook) });
    hook.release();
  }

  onCall(reader: Reader, segment: Segment, at: number): void {
    needStruct(reader, segment, at, "a call");
    const id = uint32At(reader, 0);
    const method = uint16At(reader, 4);
    const interfaceLow = uint32At(reader, 8);
    const interfaceHigh = uint32At(reader, 12);
    const sendTo = uint16At(reader, 6);
    const targetAt = pointerAt(reader, 0);
    const paramsAt = pointerAt(reader, 1);
    const { segment: within } = reader;
    if (sendTo > SEND_RESULTS_TO.yourself) {
      return this.#connection.sendUnimplemented(reader);
    }
    const target = readTarget(reader, within, targetAt);
    // At most this many run; each that is over gets an answer, so a few more may be open.
    const full = this.#open.size >= this.#connection.limits.maxAnswers;
    const answer = this.#add(id, sendTo === SEND_RESULTS_TO.yourself);
    const params = this.#connection.readPayload(reader, within, paramsAt);
    const hook = full ? this.#overloaded() : this.#connection.hookOf(target);
    reader.rewind();
    const started = hook.call(
      { interfaceLow, interfaceHigh, method, params },
      answer,
    );
    if (!answer.done) answer.started = started;
    params.releaseCaps();
    hook.release();
  }

  #overloaded(): Hook {
    const { maxAnswers } = this.#connection.limits;
    if (this.#open.size >= 2 * maxAnswers) {
      throw new MalformedMessage(`${2 * maxAnswers} calls without a finish`);
    }
    return new BrokenHook(
      new AppError("overloaded", `Cannot take the call: ${maxAnswers} run`, {
        hint: "call again when others have returned",
      }),
    );
  }

  /** What the results of answer `id` have at `path`. A new reference. */
  pipelined(id: number, path: readonly number[]): Hook {
    const answer = this.#open.get(id);
    if (answer === undefined) {
      throw new MalformedMessage(`a call on question ${id}, which is not open`);
    }
    return this.#pipelined(answer, path);
  }

  #pipelined(answer: Answer, path: readonly number[]): Hook {
    if (answer.error !== undefined) return new BrokenHook(answer.error);
    if (!answer.done) return answer.started?.pipeline(path) ?? nullHook();
    const hook = answer.payload?.capabilityAt(path);
    hook?.addRef();
    return hook ?? nullHook();
  }

  onResults(answer: Answer, content: Content): void {
    if (answer.done || this.#open.get(answer.id) !== answer) return;
    if (answer.redirect) return this.#keepResults(answer, content);
    try {
      let caps: readonly Hook[] = [];
      let exports: readonly number[] = [];
      this.#connection.send(MESSAGE.return, (writer, start) => {
        const place = beginReturn(writer, start, answer.id, RETURN.results);
        exports = this.#connection.writePayload(writer, place + 16, content);
        caps = writer.caps;
      });
      // Set only when the message is out: a failed one is followed by an exception.
      answer.exports = exports;
      if (caps.length > 0) answer.payload = keep(content);
      answer.done = true;
      answer.started = undefined;
    } catch (error) {
      if (this.#connection.ended === undefined) {
        this.onException(answer, asAppError(error));
      }
    }
  }

  onException(answer: Answer, error: AppError): void {
    if (answer.done || this.#open.get(answer.id) !== answer) return;
    answer.done = true;
    answer.error = error;
    if (answer.redirect) return this.#keepOutcome(answer);
    this.#connection.notify(MESSAGE.return, (writer, start) => {
      const place = beginReturn(writer, start, answer.id, RETURN.exception);
      writeException(writer, place + 16, toWireException(error));
    });
  }

  #keepResults(answer: Answer, content: Content): void {
    try {
      answer.payload = keep(content);
    } catch (error) {
      return this.onException(answer, asAppError(error));
    }
    answer.done = true;
    this.#keepOutcome(answer);
  }

  #keepOutcome(answer: Answer): void {
    this.#sendEmptyReturn(answer.id, RETURN.resultsSentElsewhere);
    const takers = answer.takers;
    answer.takers = [];
    for (const taker of takers) this.#give(answer, taker);
    if (answer.finished) this.#close(answer, true);
  }

  #give(answer: Answer, taker: Reply): void {
    if (answer.error !== undefined) taker.exception(answer.error);
    else if (answer.payload !== undefined) taker.results(answer.payload);
  }

  /** A question of ours gets the outcome of answer `id`. */
  take(id: number, taker: Reply): Started {
    const answer = this.#open.get(id);
    if (answer === undefined || !answer.redirect) {
      const error = new AppError(
        "failed",
        `The peer returned the results of question ${id}, which it did not ask for us`,
      );
      taker.exception(error);
      return new BrokenCall(new BrokenHook(error));
    }
    if (answer.done) this.#give(answer, taker);
    else answer.takers.push(taker);
    return {
      cancel: () => {},
      pipeline: (path) => this.#pipelined(answer, path),
    };
  }

  onFinish(id: number, releaseResultCaps: boolean): void {
    const answer = this.#open.get(id);
    if (answer === undefined || answer.finished) {
      throw new MalformedMessage(`a finish of question ${id}`);
    }
    answer.finished = true;
    if (answer.done) return this.#close(answer, releaseResultCaps);
    // Somebody here waits for it: it goes on, and is closed when it is done.
    if (answer.takers.length > 0) return;
    this.#open.delete(id);
    answer.started?.cancel();
    this.#sendEmptyReturn(id, RETURN.canceled);
  }

  #close(answer: Answer, releaseResultCaps: boolean): void {
    this.#open.delete(answer.id);
    if (releaseResultCaps) {
      this.#connection.capabilities.releaseExports(answer.exports);
    }
    answer.payload?.releaseCaps();
  }

  #sendEmptyReturn(id: number, tag: number): void {
    this.#connection.notify(MESSAGE.return, (writer, start) => {
      beginReturn(writer, start, id, tag);
    });
  }

  end(reason: AppError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const answer of open) {
      if (!answer.done) answer.started?.cancel();
      answer.payload?.releaseCaps();
      for (const taker of answer.takers) taker.exception(reason);
    }
  }
}

/** Writes the fixed part of a Return; returns the offset of its data section. */
function beginReturn(
  writer: Writer,
  start: number,
  id: number,
  tag: number,
): number {
  const place = writer.struct(start + 24, 2, 1);
  writer.view.setUint32(place, id, true);
  // releaseParamCaps is true by default, so the bit is set for false: we send Release ourselves.
  writer.view.setUint8(place + 4, 1);
  writer.view.setUint16(place + 6, tag, true);
  return place;
}
