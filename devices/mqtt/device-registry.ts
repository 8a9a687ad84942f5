/**
 * Which devices there are and how they are: the table `device`. What they report is written in batches, once
 * a second, because a single state message is not worth a commit. That one comes or goes is: it is seen on
 * the pages at once.
 */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import {
  type DeviceConnection,
  type DeviceRow,
  listDevices,
  markDevicesOffline,
  recentlyHeard,
  saveDeviceReports,
} from "../../store/floor/devices.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { DeviceLog } from "./device-log.ts";
import { offlineAfter } from "./offline-after.ts";

const FLUSH_MS = 1_000;
/** After one has come or gone: where the broker did, all others follow within it. */
const FLUSH_SOON_MS = 50;
/** A message of an unknown device makes us read the table again, at most this often. Milliseconds. */
const REFRESH_MS = 2_000;

export type Device = {
  row: DeviceRow;
  connection: DeviceConnection;
  /** When `connection` last changed; milliseconds of the monotonic clock. */
  connectionSince: number;
  /** When it last said anything itself; milliseconds of the monotonic clock. */
  heardAt: number;
  state: object;
};

export class DeviceRegistry {
  private readonly database: Queryable;
  private readonly log: Pick<DeviceLog, "record">;
  private readonly logger: Logger;
  private readonly site: string | null;
  private readonly onLeft: (deviceId: string) => void;
  private readonly devices = new Map<string, Device>();
  /** Registered at other sites. */
  private elsewhere: ReadonlySet<string> = new Set();
  private dirty = new Map<string, number>();
  private refreshedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  /**
   * @param options.site whose devices these are; null: those of all sites
   * @param options.onLeft one of them is another site's from now on
   */
  constructor(
    database: Queryable,
    log: Pick<DeviceLog, "record">,
    logger: Logger,
    options: { readonly site: string | null; readonly onLeft: (deviceId: string) => void } = {
      site: null,
      onLeft: () => {},
    },
  ) {
    this.database = database;
    this.log = log;
    this.logger = logger;
    this.site = options.site;
    this.onLeft = options.onLeft;
  }

  async start(): Promise<void> {
    const heard = await recentlyHeard(this.database);
    await markDevicesOffline(this.database, this.site);
    await this.refresh();
    for (const { id, agoMs } of heard) this.resume(id, agoMs);
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    clearTimeout(this.soon);
    await this.flush();
  }

  get(deviceId: string): Device | undefined {
    return this.devices.get(deviceId);
  }

  async find(deviceId: string): Promise<Device | undefined> {
    const known = this.devices.get(deviceId);
    if (known !== undefined || performance.now() - this.refreshedAt < REFRESH_MS) return known;
    await this.refresh();
    return this.devices.get(deviceId);
  }

  /** Whether it is registered, but at a site that is not this registry's. */
  isElsewhere(deviceId: string): boolean {
    return this.elsewhere.has(deviceId);
  }

  all(): Iterable<Device> {
    return this.devices.values();
  }

  /** Whether it is registered as a device of this kind at this location, there or not. */
  isAt(deviceId: string, locationId: string, kind: DeviceRow["kind"]): boolean {
    const row = this.devices.get(deviceId)?.row;
    return row !== undefined && row.locationId === locationId && row.kind === kind;
  }

  /** The device has said something, just now. What a broker has retained is no sign of life. */
  heard(device: Device): void {
    device.heardAt = performance.now();
  }

  /** It has said nothing for too long. When it was last seen stays as it was. */
  silent(device: Device): void {
    const silentMs = Math.round(performance.now() - device.heardAt);
    this.log.record("silent", device.row.id, `nothing for ${Math.round(silentMs / 1_000)} s`);
    this.move(device, "offline");
    this.dirty.set(device.row.id, Date.now() - silentMs);
  }

  /** Devices of a kind at a location that are there to work, in the order of their ids. */
  online(locationId: string, kind: DeviceRow["kind"]): readonly Device[] {
    const there: Device[] = [];
    for (const device of this.devices.values()) {
      const { row } = device;
      if (
        row.locationId === locationId &&
        row.kind === kind &&
        row.enabled &&
        device.connection === "online"
      ) {
        there.push(device);
      }
    }
    return there;
  }

  /** How many devices there are of each kind and connection; those that are switched off are left out. */
  census(): readonly {
    readonly kind: DeviceRow["kind"];
    readonly connection: string;
    readonly count: number;
  }[] {
    const counts = new Map<string, { kind: DeviceRow["kind"]; connection: string; count: number }>();
    for (const { row, connection } of this.devices.values()) {
      if (!row.enabled) continue;
      const known = counts.get(`${row.kind} ${connection}`);
      if (known !== undefined) known.count += 1;
      else counts.set(`${row.kind} ${connection}`, { kind: row.kind, connection, count: 1 });
    }
    return [...counts.values()];
  }

  /** @param why for people, where it did not say so itself */
  setConnection(device: Device, connection: DeviceConnection, why = ""): void {
    if (device.connection !== connection) {
      this.log.record(connection, device.row.id, why);
      this.move(device, connection);
    }
    this.dirty.set(device.row.id, Date.now());
  }

  /** Keeps for people that the device has refused work. */
  refused(device: Device, detail: string): void {
    this.log.record("dispatch_refused", device.row.id, detail);
  }

  setState(device: Device, state: object): void {
    const before = new Set(errorsOf(device.state));
    for (const error of errorsOf(state)) {
      if (!before.has(error)) this.log.record("error", device.row.id, error);
    }
    device.state = state;
    this.dirty.set(device.row.id, Date.now());
  }

  flush(): Promise<void> {
    this.flushing = this.flushing.then(async () => {
      const dirty = this.dirty;
      this.dirty = new Map();
      const reports = [...dirty].flatMap(([id, seenAtMs]) => {
        const device = this.devices.get(id);
        return device === undefined
          ? []
          : [{ id, connection: device.connection, state: device.state, seenAtMs }];
      });
      try {
        await saveDeviceReports(this.database, reports);
      } catch (error) {
        // The next report says it again.
        this.logger.warn({ err: error }, "device states not written");
      }
    });
    return this.flushing;
  }

  /** What was heard of it before this bridge began still counts, for as long as it would have. */
  private resume(deviceId: string, agoMs: number): void {
    const device = this.devices.get(deviceId);
    const limit = device === undefined ? null : offlineAfter(device.row.kind, device.row.settings);
    if (device === undefined || limit === null || agoMs < 0 || agoMs >= limit) return;
    device.connection = "online";
    device.heardAt = performance.now() - agoMs;
    this.dirty.set(deviceId, Date.now() - agoMs);
  }

  private move(device: Device, connection: DeviceConnection): void {
    device.connection = connection;
    device.connectionSince = performance.now();
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.flush();
    }, FLUSH_SOON_MS);
  }

  /** Reads again what is registered. Whoever starts the registry sees to it that it happens. */
  async refresh(): Promise<void> {
    this.refreshedAt = performance.now();
    const rows = await listDevices(this.database);
    const isOurs = ({ locationId }: DeviceRow): boolean => this.site === null || locationId === this.site;
    this.elsewhere = new Set(rows.flatMap((row) => (isOurs(row) ? [] : [row.id])));
    for (const id of this.devices.keys()) if (this.elsewhere.has(id)) this.onLeft(id);
    for (const row of rows.filter(isOurs)) {
      const known = this.devices.get(row.id);
      // The object stays the same, because others hold a reference to it.
      if (known !== undefined) this.update(known, row);
      else {
        const connectionSince = performance.now();
        this.devices.set(row.id, { row, connection: "offline", connectionSince, heardAt: 0, state: {} });
      }
    }
  }

  private update(device: Device, row: DeviceRow): void {
    const was = device.row;
    device.row = row;
    const changed = changedFields(was, row);
    if (changed.length > 0) this.log.record("changed", row.id, changed.join(", "));
    if (was.enabled === row.enabled) return;
    this.log.record(row.enabled ? "enabled" : "disabled", row.id, "");
    if (!row.enabled) this.setConnection(device, "offline", "switched off");
  }
}

/** What of the registration differs, but for whether it is switched on; of settings, each that does. */
function changedFields(was: DeviceRow, row: DeviceRow): readonly string[] {
  const differs = (a: unknown, b: unknown): boolean => !isDeepStrictEqual(a, b);
  const fields = (["name", "locationId", "protocol", "kind"] as const).filter((field) =>
    differs(was[field], row[field]),
  );
  const settings = [...new Set([...Object.keys(was.settings), ...Object.keys(row.settings)])].filter((name) =>
    differs(was.settings[name], row.settings[name]),
  );
  return [...fields, ...settings.map((name) => `settings.${name}`)];
}

/** The errors that a device's state tells of, as far as it is one that has them. */
function errorsOf(state: object): readonly string[] {
  const errors: unknown = "errors" in state ? state.errors : undefined;
  return Array.isArray(errors)
    ? errors.map((error) => (typeof error === "string" ? error : JSON.stringify(error)))
    : [];
}
