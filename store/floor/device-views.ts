/** Devices as staff reads them: the device's own state, and the task that it is on. */
import type { Page } from "../../contract/shapes.ts";
import type { DeviceView } from "../../contract/system.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

export async function listDeviceViews(database: Queryable): Promise<Page<DeviceView>> {
  const { rows } = await database.query<DeviceView>(
    `select device.id, device.name, device.kind, device.protocol, device.location_id as "locationId",
            device.connection, device.state, ${iso("device.last_seen_at")} as "lastSeenAt",
            case when device.connection <> 'online' then device.connection
                 when task.id is not null then 'picking ' || task.fulfillment_order_id
                 else coalesce(device.state->>'activity', 'idle') end as activity
       from device
       left join floor_task task on task.device_id = device.id and task.status = 'assigned'
      order by device.location_id, device.kind, device.id`,
  );
  return { items: rows, next: null };
}
