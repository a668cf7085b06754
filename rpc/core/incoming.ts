/**
 * What a connection does with each message of its peer.
 *
 * Reads a message and passes it to the table it concerns. Keeps nothing: the
 * tables and the state are the connection's.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Connection } from "./connection.ts";
import { fromWireException } from "./errors.ts";
import type { Hook } from "./hook.ts";
import { BrokenHook } from "./hooks.ts";
import {
  bitAt,
  MESSAGE,
  needStruct,
  pointerAt,
  readDescriptor,
  readException,
  readTarget,
  uint16At,
  uint32At,
  writeTarget,
} from "./protocol.ts";
import type { Reader, Segment } from "./reader.ts";

/**
 * Handles one message of the peer.
 *
 * @param bootstrap what a Bootstrap gets: a new reference.
 * @throws {MalformedMessage} for what breaks the protocol.
 */
export function handleMessage(
  connection: Connection,
  reader: Reader,
  bootstrap: () => Hook,
): void {
  const root = reader.segment;
  needStruct(reader, root, 0, "a root");
  const tag = uint16At(reader, 0);
  const at = pointerAt(reader, 0);
  const { segment } = reader;
  switch (tag) {
    case MESSAGE.call:
      return connection.answers.onCall(reader, segment, at);
    case MESSAGE.return:
      return onReturn(connection, reader, segment, at);
    case MESSAGE.finish:
      needStruct(reader, segment, at, "a finish");
      // releaseResultCaps defaults to true, so a set bit means false.
      return connection.answers.onFinish(
        uint32At(reader, 0),
        !bitAt(reader, 4, 0),
      );
    case MESSAGE.release:
      needStruct(reader, segment, at, "a release");
      return connection.capabilities.onRelease(
        uint32At(reader, 0),
        uint32At(reader, 4),
      );
    case MESSAGE.resolve:
      return onResolve(connection, reader, segment, at);
    case MESSAGE.disembargo:
      return onDisembargo(connection, reader, segment, at);
    case MESSAGE.bootstrap:
      needStruct(reader, segment, at, "a bootstrap");
      return connection.answers.onBootstrap(
        uint32At(reader, 0),
        bootstrap,
      );
    case MESSAGE.abort:
      return connection.end(abortedBy(reader, segment, at));
    case MESSAGE.unimplemented:
      return onUnimplemented(connection, reader, segment, at);
    default:
      return connection.sendUnimplemented(reader);
  }
}

function abortedBy(reader: Reader, segment: Segment, at: number): AppError {
  const cause = fromWireException(readException(reader, segment, at));
  return new AppError(
    "unavailable",
    `The peer ended the connection: ${cause.message}`,
    { cause },
  );
}

function onReturn(
  connection: Connection,
  reader: Reader,
  segment: Segment,
  at: number,
): void {
  needStruct(reader, segment, at, "a return");
  const id = uint32At(reader, 0);
  const releaseParams = !bitAt(reader, 4, 0);
  const tag = uint16At(reader, 6);
  const other = uint32At(reader, 8);
  const bodyAt = pointerAt(reader, 0);
  connection.questions.onReturn(id, {
    releaseParams,
    tag,
    other,
    reader,
    segment: reader.segment,
    at: bodyAt,
  });
}

function onResolve(
  connection: Connection,
  reader: Reader,
  segment: Segment,
  at: number,
): void {
  needStruct(reader, segment, at, "a resolve");
  const id = uint32At(reader, 0);
  const tag = uint16At(reader, 4);
  const bodyAt = pointerAt(reader, 0);
  const { segment: within } = reader;
  if (tag === 1) {
    const error = fromWireException(readException(reader, within, bodyAt));
    return connection.capabilities.onResolve(id, new BrokenHook(error));
  }
  if (tag !== 0) return connection.sendUnimplemented(reader);
  needStruct(reader, within, bodyAt, "a capability");
  const hook = connection.capabilities.take(readDescriptor(reader));
  connection.capabilities.onResolve(id, hook);
}

function onDisembargo(
  connection: Connection,
  reader: Reader,
  segment: Segment,
  at: number,
): void {
  needStruct(reader, segment, at, "a disembargo");
  const id = uint32At(reader, 0);
  const tag = uint16At(reader, 4);
  const targetAt = pointerAt(reader, 0);
  if (tag === 1) return connection.capabilities.onEmbargoLifted(id);
  if (tag !== 0) return connection.sendUnimplemented(reader);
  const target = readTarget(reader, reader.segment, targetAt);
  const hook = connection.hookOf(target);
  const back = connection.capabilities.placeOf(hook) ?? target;
  hook.release();
  // Calls that came before were passed on when they came, so the way is clear now.
  connection.notify(MESSAGE.disembargo, (writer, start) => {
    const place = writer.struct(start + 24, 1, 1);
    writer.view.setUint32(place, id, true);
    writer.view.setUint16(place + 4, 1, true);
    writeTarget(writer, place + 8, back);
  });
}

/** The peer does not know a message of ours, and sent it back. */
function onUnimplemented(
  connection: Connection,
  reader: Reader,
  segment: Segment,
  at: number,
): void {
  needStruct(reader, segment, at, "the message that is not implemented");
  const tag = uint16At(reader, 0);
  const bodyAt = pointerAt(reader, 0);
  const { segment: within } = reader;
  if (tag === MESSAGE.call || tag === MESSAGE.bootstrap) {
    needStruct(reader, within, bodyAt, "a body");
    return connection.questions.fail(
      uint32At(reader, 0),
      new AppError("unimplemented", "The peer does not implement this call"),
    );
  }
  if (tag === MESSAGE.resolve) {
    needStruct(reader, within, bodyAt, "a resolve");
    const capAt = pointerAt(reader, 0);
    if (uint16At(reader, 4) !== 0) return;
    needStruct(reader, reader.segment, capAt, "a capability");
    connection.capabilities.undo(readDescriptor(reader));
  }
  // Others need no answer from us.
}
