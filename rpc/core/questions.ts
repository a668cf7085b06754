/**
 * Our calls to the peer: from Call or Bootstrap to Return and Finish.
 *
 *     asked --Return--> settled, Finish sent
 *       \---cancel---> Finish sent, waits for the Return, drops it
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Connection } from "./connection.ts";
import { fromWireException } from "./errors.ts";
import { type Hook, pathKey, type Reply, type Started } from "./hook.ts";
import { BrokenHook, nullHook } from "./hooks.ts";
import { MESSAGE, readException, RETURN } from "./protocol.ts";
import { MalformedMessage, type Reader, type Segment } from "./reader.ts";
import { RemotePromise } from "./remote.ts";

/** The fields of a Return. */
export interface ReturnFields {
  releaseParams: boolean;
  tag: number;
  other: number;
  reader: Reader;
  segment: Segment;
  at: number;
}

class Question implements Started {
  readonly id: number;
  readonly reply: Reply;
  readonly #questions: Questions;
  /** Exports that the parameters made. */
  paramExports: readonly number[] = [];
  cancelled = false;
  /** Settled pipelines; calls on others fail with `failure`. */
  pipelines: Map<string, RemotePromise> | undefined;
  failure: AppError | undefined;
  /** The results' capabilities are not kept: set once the Return was handled. */
  settled = false;

  constructor(questions: Questions, id: number, reply: Reply) {
    this.#questions = questions;
    this.id = id;
    this.reply = reply;
  }

  cancel(): void {
    this.#questions.cancel(this);
  }

  pipeline(path: readonly number[]): Hook {
    if (this.settled) {
      const error = this.failure ??
        new AppError("failed", "Cannot pipeline on a call that has returned");
      return new BrokenHook(error);
    }
    const key = pathKey(path);
    this.pipelines ??= new Map();
    let promise = this.pipelines.get(key);
    if (promise === undefined) {
      promise = this.#questions.promiseFor(this.id, path);
      this.pipelines.set(key, promise);
    }
    promise.addRef();
    return promise;
  }

  /** Tells the pipelined capabilities what they are. */
  settle(resolve: (path: readonly number[]) => Hook): void {
    this.settled = true;
    const pipelines = this.pipelines;
    this.pipelines = undefined;
    if (pipelines === undefined) return;
    for (const promise of pipelines.values()) {
      promise.settle(resolve(promise.path));
      promise.release();
    }
  }
}

export class Questions {
  readonly #connection: Connection;
  readonly #open = new Map<number, Question>();
  /** Ids that can be used again: the lowest numbers stay in use. */
  #free: number[] = [];
  #next = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Opens a question; `send` writes its message and returns the exports it made. */
  ask(reply: Reply, send: (id: number) => readonly number[]): Started {
    const connection = this.#connection;
    if (connection.ended !== undefined) {
      return connection.refuse(reply, connection.ended);
    }
    const { maxQuestions, maxQueuedBytes } = connection.limits;
    if (this.#open.size >= maxQuestions) {
      return connection.refuse(
        reply,
        new AppError(
          "overloaded",
          `Cannot call: ${maxQuestions} calls wait for the peer`,
        ),
      );
    }
    if (connection.output.end > maxQueuedBytes) {
      return connection.refuse(
        reply,
        new AppError(
          "overloaded",
          `Cannot call: ${connection.output.end} bytes wait to be sent`,
        ),
      );
    }
    const id = this.#free.pop() ?? this.#next++;
    const question = new Question(this, id, reply);
    try {
      question.paramExports = send(id);
    } catch (error) {
      this.#free.push(id);
      return connection.refuse(reply, error);
    }
    this.#open.set(id, question);
    return question;
  }

  promiseFor(id: number, path: readonly number[]): RemotePromise {
    return new RemotePromise(this.#connection, { kind: "answer", id, path });
  }

  cancel(question: Question): void {
    if (question.cancelled || this.#open.get(question.id) !== question) return;
    question.cancelled = true;
    const error = new AppError("failed", "The call was cancelled");
    question.failure = error;
    question.settle(() => new BrokenHook(error));
    this.#sendFinish(question.id, true);
  }

  onReturn(id: number, fields: ReturnFields): void {
    const question = this.#open.get(id);
    if (question === undefined) {
      throw new MalformedMessage(`a return for question ${id}`);
    }
    if (fields.releaseParams) {
      this.#connection.capabilities.releaseExports(question.paramExports);
    }
    if (question.cancelled) {
      // Finish went ahead, and the peer released what this Return carries.
      this.#close(question);
      return;
    }
    switch (fields.tag) {
      case RETURN.results:
        return this.#onResults(question, fields);
      case RETURN.exception: {
        const { reader, segment, at } = fields;
        const exception = readException(reader, segment, at);
        return this.#fail(question, fromWireException(exception), true);
      }
      case RETURN.canceled:
        return this.#fail(
          question,
          new AppError("failed", "The peer cancelled the call"),
          true,
        );
      case RETURN.takeFromOtherQuestion:
        return this.#takeFromAnswer(question, fields.other);
      default:
        return this.#fail(
          question,
          new AppError(
            "unimplemented",
            `The peer returned in a way that is not known: ${fields.tag}`,
          ),
          true,
        );
    }
  }

  #onResults(question: Question, fields: ReturnFields): void {
    const { reader, segment, at } = fields;
    const payload = this.#connection.readPayload(reader, segment, at);
    // First what was pipelined: its embargoes must go out before Finish.
    question.settle((path) => {
      const hook = payload.capabilityAt(path);
      hook?.addRef();
      return hook ?? nullHook();
    });
    reader.rewind();
    this.#open.delete(question.id);
    question.reply.results(payload);
    payload.releaseCaps();
    this.#sendFinish(question.id, false);
    this.#free.push(question.id);
  }

  /** The results are those of a call that the peer made to us. */
  #takeFromAnswer(question: Question, answerId: number): void {
    this.#open.delete(question.id);
    const taken = this.#connection.answers.take(answerId, {
      results: (content) => question.reply.results(content),
      exception: (error) => question.reply.exception(error),
    });
    question.settle((path) => taken.pipeline(path));
    this.#sendFinish(question.id, true);
    this.#free.push(question.id);
  }

  /** Fails the question with this id, if it is open. */
  fail(id: number, error: AppError): void {
    const question = this.#open.get(id);
    // An unimplemented message had no effect on the peer, so there is nothing to finish.
    if (question !== undefined) this.#fail(question, error, false);
  }

  #fail(question: Question, error: AppError, finish: boolean): void {
    question.failure = error;
    question.settle(() => new BrokenHook(error));
    this.#open.delete(question.id);
    if (!question.cancelled) question.reply.exception(error);
    if (finish) this.#sendFinish(question.id, true);
    this.#free.push(question.id);
  }

  #close(question: Question): void {
    this.#open.delete(question.id);
    this.#free.push(question.id);
  }

  #sendFinish(id: number, releaseResultCaps: boolean): void {
    this.#connection.notify(MESSAGE.finish, (writer, start) => {
      const place = writer.struct(start + 24, 1, 0);
      writer.view.setUint32(place, id, true);
      if (!releaseResultCaps) writer.view.setUint8(place + 4, 1);
    });
  }

  end(reason: AppError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const question of open) {
      question.failure = reason;
      question.settle(() => new BrokenHook(reason));
      if (!question.cancelled) question.reply.exception(reason);
    }
  }
}
