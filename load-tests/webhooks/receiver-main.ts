/**
 * The endpoints of the measurement, and what happens: makes events at an even rate, takes those that come by
 * webhook, and says how long each took. Some endpoints never answer. A process of its own, so that neither
 * costs the deliverer a turn.
 *
 * A message's time runs from the moment in which its event was to be written (open loop), not from its commit.
 */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { openDatabase } from "../../store/sql/database.ts";
import { Latencies } from "../load/histogram.ts";

export type ReceiverAsk =
  | {
      readonly do: "run";
      readonly rate: number;
      readonly groups: number;
      readonly warmUpMs: number;
      readonly measureMs: number;
    }
  | { readonly do: "report" };

export type EndpointReport = {
  readonly endpoint: number;
  readonly messages: number;
  readonly repeated: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export type ReceiverWord =
  | { readonly word: "listening"; readonly port: number }
  | { readonly word: "made"; readonly events: number; readonly lateMs: number }
  | {
      readonly word: "report";
      readonly endpoints: readonly EndpointReport[];
      /** Of those that never answer: requests, and connections at a time. */
      readonly hanging: { readonly requests: number; readonly mostOpen: number };
      readonly cpuMs: number;
    };

const BATCH_MS = 20;
const [databaseUrl, hangingText] = process.argv.slice(2);
if (databaseUrl === undefined || hangingText === undefined)
  throw new Error("usage: receiver-main DATABASE_URL HANGING");
const hanging = Number(hangingText);
const database = openDatabase(databaseUrl, { maxConnections: 4 });

type Seen = { readonly ids: Set<string>; repeated: number; maxMs: number; readonly latencies: Latencies };
const seen = new Map<number, Seen>();
/** Milliseconds since 1970. What was to happen before is not measured. */
let measureFrom = Infinity;
const open = new Set<Socket>();
let [hangingRequests, mostOpen] = [0, 0];

const server = createServer((request, response) => {
  const endpoint = Number(request.url?.slice(1));
  if (endpoint < hanging) {
    hangingRequests += 1;
    open.add(request.socket);
    mostOpen = Math.max(mostOpen, open.size);
    request.socket.once("close", () => open.delete(request.socket));
    request.resume();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.writeHead(200).end();
    const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { data: { dueMs: number } };
    take(endpoint, String(request.headers["webhook-id"]), data.dueMs);
  });
});

function take(endpoint: number, id: string, dueMs: number): void {
  const own = seen.get(endpoint) ?? { ids: new Set(), repeated: 0, maxMs: 0, latencies: new Latencies() };
  seen.set(endpoint, own);
  if (own.ids.has(id)) {
    own.repeated += 1;
    return;
  }
  own.ids.add(id);
  if (dueMs < measureFrom) return;
  const ms = Date.now() - dueMs;
  own.maxMs = Math.max(own.maxMs, ms);
  own.latencies.record(ms);
}

/** @returns how late the last events were written, at most */
async function make(ask: Extract<ReceiverAsk, { do: "run" }>): Promise<{ events: number; lateMs: number }> {
  const { rate, groups, warmUpMs, measureMs } = ask;
  const begin = Date.now();
  measureFrom = begin + warmUpMs;
  const end = measureFrom + measureMs;
  let [made, lateMs] = [0, 0];
  while (Date.now() < end) {
    const due = Math.floor(((Date.now() - begin) / 1_000) * rate) - made;
    if (due > 0) {
      const rows = Array.from({ length: due }, (_, nth) => {
        const number = made + nth;
        return {
          number,
          place: `place-${number % groups}`,
          dueMs: begin + Math.round((number * 1_000) / rate),
        };
      });
      await database.query(
        `insert into domain_event (type, subject, location_id, data)
         select 'device.online', 'device-' || r.number % 500, r.place,
                jsonb_build_object('deviceId', 'device-' || r.number % 500, 'locationId', r.place, 'detail', '', 'count', 1,
                  'dueMs', r."dueMs")
           from jsonb_to_recordset($1) as r(number integer, place text, "dueMs" bigint) order by r.number`,
        [JSON.stringify(rows)],
      );
      made += due;
      lateMs = Math.max(lateMs, Date.now() - (rows[0]?.dueMs ?? Date.now()));
    }
    await delay(BATCH_MS);
  }
  return { events: made, lateMs };
}

function say(word: ReceiverWord): void {
  process.send?.(word);
}

process.on("message", (ask: ReceiverAsk) => {
  if (ask.do === "run") void make(ask).then((made) => say({ word: "made", ...made }));
  else {
    const { user, system } = process.cpuUsage();
    say({
      word: "report",
      endpoints: [...seen].map(([endpoint, { ids, repeated, maxMs, latencies }]) => {
        const { p50Ms, p99Ms } = latencies.summary();
        return { endpoint, messages: ids.size, repeated, p50Ms, p99Ms, maxMs };
      }),
      hanging: { requests: hangingRequests, mostOpen },
      cpuMs: (user + system) / 1_000,
    });
  }
});
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => say({ word: "listening", port: (server.address() as AddressInfo).port }));
