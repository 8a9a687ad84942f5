/**
 * Bodies and replies of any length: a body is handed on as it comes, a reply is written as fast as it is taken.
 *
 * Owns the pace: the sender of a body is stopped while its handler has more than it can store; whoever makes a
 * reply waits while its reader has not taken what was written. Whoever keeps silent for too long is gone.
 */
import type { HttpResponse as UwsResponse } from "uWebSockets.js";
import { BODY_DEADLINE_MS, STREAM_STALL_MS, STREAMED_BYTES_AHEAD } from "../../config/limits.ts";
import { ApiError } from "../wire/problem.ts";
import type { Route } from "./route.ts";

/** Of the requests whose body a handler reads as it comes. */
export function streamedRequests(table: readonly Route[]): (method: string, path: string) => boolean {
  const streamed = table
    .filter((route) => route.streamed)
    .map(({ method, path }) => ({
      method,
      pattern: new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, "[^/]+")}$`),
    }));
  return (method, path) => streamed.some((each) => each.method === method && each.pattern.test(path));
}

export type StreamedBody = AsyncIterable<Uint8Array> & {
  /** Nobody reads on: what still comes is dropped. */
  close(): void;
};

/** Called while the native request may be read. @param gone when the sender has left */
export function streamBody(res: UwsResponse, gone: AbortSignal): StreamedBody {
  const chunks: Uint8Array[] = [];
  let ahead = 0;
  let isWhole = false;
  let isClosed = false;
  let isPaused = false;
  let wake: () => void = () => {};
  gone.addEventListener("abort", () => wake());
  res.onData((chunk, isLast) => {
    if (isLast) isWhole = true;
    // The memory of `chunk` is taken back when this callback returns.
    if (!isClosed && chunk.byteLength > 0) {
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      ahead += chunk.byteLength;
      if (ahead > STREAMED_BYTES_AHEAD && !isLast && !isPaused) {
        isPaused = true;
        res.pause();
      }
    }
    wake();
  });
  const goOn = () => {
    if (!isPaused || gone.aborted) return;
    isPaused = false;
    res.resume();
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    while (true) {
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        ahead -= chunk.byteLength;
        if (ahead <= STREAMED_BYTES_AHEAD / 2) goOn();
        continue;
      }
      if (gone.aborted) throw gone.reason;
      if (isWhole) return;
      goOn();
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, BODY_DEADLINE_MS);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
      if (chunks.length === 0 && !isWhole && !gone.aborted)
        throw new ApiError("body_timeout", `Nothing of the body came for ${BODY_DEADLINE_MS} ms.`);
    }
  }
  return {
    [Symbol.asyncIterator]: read,
    close: () => {
      isClosed = true;
      chunks.length = 0;
      goOn();
    },
  };
}

/**
 * Writes what follows the head of a reply. Where its making fails, the connection ends without the mark of its
 * end, so that nobody takes the part for the whole.
 *
 * @param gone when the reader has left
 */
export async function writeStream(
  res: UwsResponse,
  parts: AsyncIterable<string | Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  let wake: () => void = () => {};
  gone.addEventListener("abort", () => wake());
  res.onWritable(() => {
    wake();
    return true;
  });
  try {
    for await (const part of parts) {
      if (gone.aborted) return;
      let isTaken = true;
      res.cork(() => {
        isTaken = res.write(part);
      });
      if (isTaken) continue;
      const isStalled = await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(true), STREAM_STALL_MS);
        wake = () => {
          clearTimeout(late);
          resolve(false);
        };
      });
      if (gone.aborted) return;
      if (isStalled) {
        res.close();
        return;
      }
    }
  } catch (error) {
    if (!gone.aborted) res.close();
    throw error;
  }
  if (!gone.aborted) res.cork(() => res.end());
}
