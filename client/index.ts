/** `holdfast/client` in Node. docs/clients.md shows how it is used. */
import { nodeSocket } from "./node-socket.ts";
import { StreamClient, type StreamOptions } from "./stream-client.ts";

export { cursorFile } from "./cursor-file.ts";
export type { Encoding } from "./encoding.ts";
export type { Batch, CursorStore, Feed } from "./feed.ts";
export type { Lane, LaneCode, LaneOperation, LanePosition } from "./lane.ts";
export type { CallerRequest, Reply, ReplyOf } from "./requests.ts";
export type { StreamClient, StreamOptions } from "./stream-client.ts";
export { StreamError } from "./stream-error.ts";

/**
 * Connects to `/v1/stream`; resolves once the server has said hello.
 *
 * @throws StreamError `unauthenticated`, `unreachable` and others; `hint` says what to do
 */
export function connect(options: StreamOptions): Promise<StreamClient> {
  return StreamClient.connect(options, nodeSocket);
}
