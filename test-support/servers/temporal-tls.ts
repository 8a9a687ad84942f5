/**
 * TLS in front of a Temporal server, as a secured cluster or Temporal Cloud has it: callers must show a
 * certificate of the authority, each call an API key. The dev server speaks neither; behind this door it
 * answers every call itself.
 */
import { once } from "node:events";
import {
  connect,
  constants,
  createSecureServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Authority } from "./certificates.ts";

export type TemporalDoor = {
  /** `host:port`. */
  readonly address: string;
  /** Of each call that was let in: its method, and whom the caller's certificate names. */
  readonly calls: { readonly method: string; readonly caller: string }[];
  /** Calls without the key, by their method. */
  readonly turnedAway: string[];
  close(): void;
};

/** gRPC's UNAUTHENTICATED. */
const UNAUTHENTICATED = "16";

export async function openTemporalDoor(options: {
  readonly authority: Authority;
  /** The name in the door's certificate is `localhost`, and its address 127.0.0.1. */
  readonly behind: string;
  readonly apiKey: string;
}): Promise<TemporalDoor> {
  const { authority, apiKey } = options;
  const { certFile, keyFile } = authority.issue("temporal");
  const behind = connect(`http://${options.behind}`);
  behind.on("error", () => {});
  const sessions = new Set<ServerHttp2Session>();
  const calls: TemporalDoor["calls"] = [];
  const turnedAway: string[] = [];
  const server = createSecureServer({
    ca: authority.read(authority.caFile),
    cert: authority.read(certFile),
    key: authority.read(keyFile),
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const method = String(headers[":path"]);
    if (headers.authorization !== `Bearer ${apiKey}`) {
      turnedAway.push(method);
      stream.respond(
        {
          ":status": 200,
          "content-type": "application/grpc",
          "grpc-status": UNAUTHENTICATED,
          "grpc-message": "no API key",
        },
        { endStream: true },
      );
      return;
    }
    const socket = stream.session?.socket as TLSSocket | undefined;
    calls.push({ method, caller: String(socket?.getPeerCertificate().subject.CN) });
    pass(stream, behind.request({ ...headers, ":scheme": "http" }, { endStream: false }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    turnedAway,
    close: () => {
      for (const session of sessions) session.destroy();
      behind.destroy();
      server.close();
    },
  };
}

/** What the caller says goes in, what the server answers comes out, with its trailers. */
function pass(stream: ServerHttp2Stream, inside: ReturnType<ReturnType<typeof connect>["request"]>): void {
  let trailers: OutgoingHttpHeaders = {};
  stream.pipe(inside);
  stream.on("aborted", () => inside.close(constants.NGHTTP2_CANCEL));
  inside.on("error", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  inside.on("trailers", (given) => {
    trailers = given;
  });
  inside.on("response", (given, flags) => {
    if (stream.destroyed) return;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      stream.respond(given, { endStream: true });
      return;
    }
    stream.respond(given, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    inside.pipe(stream);
  });
}
