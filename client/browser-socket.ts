/**
 * The WebSocket of browsers, which Node has too from version 22 on. It can set no header, so that the key goes
 * as a second subprotocol; without one a browser's session counts, which reads only.
 */
import type { OpenSocket, SocketEnd } from "./socket.ts";

/** The part of a browser's WebSocket that is used here. */
type WebSocketOfBrowsers = {
  binaryType: string;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
};

export type WebSocketClass = new (address: string, subprotocols: string[]) => WebSocketOfBrowsers;

export function browserSocket(WebSocket: WebSocketClass): OpenSocket {
  return (address, { subprotocol, key }, events) => {
    const socket = new WebSocket(
      address,
      key === null ? [subprotocol] : [subprotocol, `holdfast.key.${key}`],
    );
    socket.binaryType = "arraybuffer";
    let open = true;
    const end = (how: SocketEnd) => {
      if (!open) return;
      open = false;
      events.ended(how);
    };
    socket.onmessage = ({ data }) => {
      if (open) events.frame(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data));
    };
    socket.onclose = ({ code, reason }) => end({ code, reason, refusal: null });
    // What it was is told to nobody; `onclose` follows.
    socket.onerror = () => {};
    return {
      send: (frame) => socket.send(typeof frame === "string" ? frame : new Uint8Array(frame)),
      close: () => socket.close(1000),
      drop: () => {
        socket.close();
        end({ code: 1006, reason: "", refusal: null });
      },
    };
  };
}
