/** Devices as staff reads them: their own state, the task that they are on, and what is registered. */
import type { DeviceDetail, DeviceView } from "../../contract/devices.ts";
import type { Page } from "../../contract/shapes.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

export async function listDeviceViews(database: Queryable): Promise<Page<DeviceView>> {
  const { rows } = await database.query<DeviceView>(
    `select device.id, device.name, device.kind, device.protocol, device.location_id as "locationId",
            device.connection, device.enabled, device.state, ${iso("device.last_seen_at")} as "lastSeenAt",
            case when not device.enabled then 'switched off'
                 when device.connection <> 'online' then device.connection
                 when task.id is not null then 'picking ' || task.fulfillment_order_id
                 else coalesce(device.state->>'activity', 'idle') end as activity,
            (select count(*)::int from device_dead_letter letter
              where letter.device_id = device.id and letter.at > now() - interval '1 day') as "deadLetters"
       from device
       left join floor_task task on task.device_id = device.id and task.status = 'assigned'
      order by device.location_id, device.kind, device.id`,
  );
  return { items: rows, next: null };
}

/** What is registered of a device; its version is that of its setting. */
export async function readRegisteredDevice(
  client: Queryable,
  id: string,
): Promise<(Omit<DeviceDetail, "version"> & { readonly passwordHash: string | null }) | null> {
  const { rows } = await client.query<Omit<DeviceDetail, "version"> & { passwordHash: string | null }>(
    `select id, name, kind, protocol, location_id as "locationId", enabled, settings,
            ${iso("password_issued_at")} as "passwordIssuedAt", password_hash as "passwordHash"
       from device where id = $1`,
    [id],
  );
  return rows[0] ?? null;
}
