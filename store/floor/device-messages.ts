/**
 * Which messages of devices with an outbox were taken, and how often totes went round a conveyor. A message
 * is known by device, boot, sequence and digest of what it says: the same number with another content is
 * another message.
 */
import type { Queryable } from "../sql/database.ts";

export type MessageMark = {
  readonly deviceId: string;
  readonly bootId: string;
  readonly sequence: number;
  /** Hexadecimal. */
  readonly digest: string;
};

/**
 * Marks messages as taken, inside the transaction of their effects, which waits for another one that marks
 * the same.
 * @returns those that were not marked before, by `markKey`
 */
export async function markTaken(
  client: Queryable,
  marks: readonly MessageMark[],
): Promise<ReadonlySet<string>> {
  if (marks.length === 0) return new Set();
  const { rows } = await client.query<MessageMark>({
    name: "mark-device-messages",
    text: `insert into device_message (device_id, boot_id, sequence, digest)
      select distinct g.device_id, g.boot_id, g.sequence, decode(g.digest, 'hex')
      from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as g(device_id, boot_id, sequence, digest)
      order by 1, 2, 3, 4
      on conflict do nothing
      returning device_id as "deviceId", boot_id as "bootId", sequence, encode(digest, 'hex') as digest`,
    values: [
      marks.map((mark) => mark.deviceId),
      marks.map((mark) => mark.bootId),
      marks.map((mark) => mark.sequence),
      marks.map((mark) => mark.digest),
    ],
  });
  return new Set(rows.map(markKey));
}

export async function isTaken(client: Queryable, mark: MessageMark): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from device_message
     where device_id = $1 and boot_id = $2 and sequence = $3 and digest = decode($4, 'hex')`,
    [mark.deviceId, mark.bootId, mark.sequence, mark.digest],
  );
  return rowCount !== 0;
}

export function markKey({ deviceId, bootId, sequence, digest }: MessageMark): string {
  return `${deviceId} ${bootId} ${sequence} ${digest}`;
}

export type ToteAtScanner = {
  readonly deviceId: string;
  readonly scanPoint: string;
  readonly handlingUnit: string;
};

/**
 * Counts totes at scanners, `times` each (0: only reads), and gives their rounds by `scannerKey`. The same
 * tote must not be given twice.
 */
export async function countRounds(
  client: Queryable,
  totes: readonly (ToteAtScanner & { readonly times: number })[],
): Promise<ReadonlyMap<string, number>> {
  if (totes.length === 0) return new Map();
  const { rows } = await client.query<ToteAtScanner & { readonly rounds: number }>({
    name: "count-conveyor-rounds",
    text: `insert into conveyor_round (device_id, scan_point, handling_unit, rounds)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[]) order by 1, 2, 3
      on conflict (device_id, scan_point, handling_unit)
        do update set rounds = conveyor_round.rounds + excluded.rounds, counted_at = now()
      returning device_id as "deviceId", scan_point as "scanPoint", handling_unit as "handlingUnit", rounds`,
    values: [
      totes.map((tote) => tote.deviceId),
      totes.map((tote) => tote.scanPoint),
      totes.map((tote) => tote.handlingUnit),
      totes.map((tote) => tote.times),
    ],
  });
  return new Map(rows.map((row) => [scannerKey(row), row.rounds]));
}

export function scannerKey({ deviceId, scanPoint, handlingUnit }: ToteAtScanner): string {
  return `${deviceId} ${scanPoint} ${handlingUnit}`;
}

/** These totes have left their conveyor: their rounds begin anew. */
export async function endRounds(client: Queryable, handlingUnits: readonly string[]): Promise<void> {
  if (handlingUnits.length === 0) return;
  await client.query("delete from conveyor_round where handling_unit = any($1)", [handlingUnits]);
}

/** Deletes the marks of messages, and the rounds of totes, that are older. Milliseconds. */
export async function forgetMessages(client: Queryable, olderThanMs: number): Promise<void> {
  await client.query("delete from device_message where taken_at < now() - $1 * interval '1 millisecond'", [
    olderThanMs,
  ]);
  await client.query("delete from conveyor_round where counted_at < now() - $1 * interval '1 millisecond'", [
    olderThanMs,
  ]);
}
