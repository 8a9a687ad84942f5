/** Devices as the bridge knows them: who may speak, what they last said, which message was the last. */
import type { Queryable } from "../sql/database.ts";

export type DeviceKind = "robot" | "conveyor" | "rfid_portal";
export type DeviceConnection = "online" | "offline" | "broken";

export type DeviceRow = {
  readonly id: string;
  readonly locationId: string;
  readonly kind: DeviceKind;
  readonly protocol: string;
  readonly name: string;
  /** Settings of its kind, see `docs/operations.md`; the default holds for those left out. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** False: what it says is put aside, and it gets no work. */
  readonly enabled: boolean;
};

export async function listDevices(client: Queryable): Promise<readonly DeviceRow[]> {
  const { rows } = await client.query<DeviceRow>(
    `select id, location_id as "locationId", kind, protocol, name, settings, enabled from device order by id`,
  );
  return rows;
}

/** Whoever registers or changes a device waits from here on until this transaction ends. */
export async function lockRegistrations(client: Queryable): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtextextended('device registrations', 0))");
}

/** Adds devices, or moves known ones to what is given here; settings that are not given stay as they are. */
export async function registerDevices(
  client: Queryable,
  devices: readonly (Omit<DeviceRow, "settings" | "enabled"> & Partial<Pick<DeviceRow, "settings">>)[],
): Promise<void> {
  await client.query(
    `with given as (
       select * from jsonb_to_recordset($1)
         as d(id text, "locationId" text, kind text, protocol text, name text, settings jsonb)
     )
     insert into device (id, location_id, kind, protocol, name, settings)
     select g.id, g."locationId", g.kind, g.protocol, g.name, coalesce(g.settings, known.settings, '{}')
     from given g left join device known on known.id = g.id
     on conflict (id) do update set location_id = excluded.location_id, kind = excluded.kind,
       protocol = excluded.protocol, name = excluded.name, settings = excluded.settings`,
    [JSON.stringify(devices)],
  );
}

/** Gives settings to those of the devices that were registered without any. */
export async function giveMissingSettings(
  client: Queryable,
  devices: readonly { readonly id: string; readonly settings?: DeviceRow["settings"] }[],
): Promise<void> {
  await client.query(
    `update device d set settings = g.settings
     from jsonb_to_recordset($1) as g(id text, settings jsonb)
     where d.id = g.id and d.settings = '{}' and g.settings is not null`,
    [JSON.stringify(devices)],
  );
}

/** Whether somebody has switched the device on. */
export async function setDeviceEnabled(client: Queryable, id: string, enabled: boolean): Promise<void> {
  await client.query("update device set enabled = $2 where id = $1", [id, enabled]);
}

type DeviceReport = {
  readonly id: string;
  readonly connection: DeviceConnection;
  readonly state: object;
  readonly seenAtMs: number;
};

export async function saveDeviceReports(client: Queryable, reports: readonly DeviceReport[]): Promise<void> {
  if (reports.length === 0) return;
  await client.query(
    `update device d set connection = r.connection, state = r.state,
       last_seen_at = to_timestamp(r."seenAtMs" / 1000.0)
     from jsonb_to_recordset($1) as r(id text, connection text, state jsonb, "seenAtMs" double precision)
     where d.id = r.id`,
    [JSON.stringify(reports)],
  );
}

/** Devices that are online by what they said last, and how long ago that was. */
export async function recentlyHeard(
  client: Queryable,
): Promise<readonly { readonly id: string; readonly agoMs: number }[]> {
  const { rows } = await client.query<{ id: string; agoMs: number }>(
    `select id, (extract(epoch from now() - last_seen_at) * 1000)::bigint as "agoMs" from device
     where connection = 'online' and last_seen_at is not null`,
  );
  return rows;
}

/**
 * No device counts as online before the broker has told that it is.
 *
 * @param site of the devices; null: of all sites
 */
export async function markDevicesOffline(client: Queryable, site: string | null): Promise<void> {
  await client.query(
    `update device set connection = 'offline'
      where connection <> 'offline' and ($1::text is null or location_id = $1)`,
    [site],
  );
}

/** Locations that have devices, switched on or not. */
export async function sitesWithDevices(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ site: string }>(
    "select distinct location_id as site from device order by 1",
  );
  return rows.map(({ site }) => site);
}
