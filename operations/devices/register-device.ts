/**
 * A device is registered, changed, switched off and on, and given a new password. Each is a change of the
 * setting `device:<id>`, so that who did what is kept in the commit that does it, and nobody overwrites what
 * they have not seen. The bridge hears of it and needs no restart.
 *
 * A secret is told to the caller that made it and is nowhere else; of it a hash is kept.
 */
import type { ChangeDeviceBody, RegisterDeviceBody } from "../../contract/devices.ts";
import type { DeviceProtocols, RegisteredDevice } from "../../ports/devices.ts";
import { findLocation } from "../../store/catalog/locations.ts";
import { hashDeviceSecret, newDeviceSecret, setDevicePassword } from "../../store/floor/device-passwords.ts";
import { readRegisteredDevice } from "../../store/floor/device-views.ts";
import {
  listDevices,
  lockRegistrations,
  registerDevices,
  setDeviceEnabled,
} from "../../store/floor/devices.ts";
import type { DatabaseClient, Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";

export type SecretIssued = { readonly status: "done"; readonly secret: string | null };

/** The fields of the setting; a device that is not registered has none. */
type Registration = Readonly<Record<string, unknown>>;

export function deviceSubject(id: string): string {
  return `device:${id}`;
}

/** Adds a device. @returns its secret, unless its certificate says who it is */
export async function registerDevice(
  context: OperationContext,
  protocols: DeviceProtocols,
  { credentials = "password", settings = {}, ...device }: RegisterDeviceBody,
  by: string,
): Promise<SecretIssued | Refusal> {
  const secret = credentials === "password" ? newDeviceSecret() : null;
  const hash = secret === null ? null : await hashDeviceSecret(secret);
  const at = new Date(context.now());
  const registered = { ...device, settings };
  const changed = await changeSetting<Registration>(context, {
    subject: deviceSubject(device.id),
    version: null,
    by,
    read: async (client) => {
      if ((await readRegisteredDevice(client, device.id)) !== null)
        return refuse(
          "device_exists",
          `There is a device "${device.id}" already: change it, or make a new password for it.`,
        );
      return (await problemOf(client, protocols, registered)) ?? {};
    },
    next: () => ({
      ...device,
      settings,
      enabled: true,
      passwordIssuedAt: hash === null ? null : at.toISOString(),
    }),
    write: async (client) => {
      await registerDevices(client, [registered]);
      if (hash !== null) await setDevicePassword(client, device.id, hash, at);
    },
  });
  return changed.status === "refused" ? changed : { status: "done", secret };
}

/** Changes what is registered of a device; what is left out stays as it is. */
export async function changeDevice(
  context: OperationContext,
  protocols: DeviceProtocols,
  id: string,
  { version, ...change }: ChangeDeviceBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Registration>(context, {
    subject: deviceSubject(id),
    version,
    by,
    read: async (client) => {
      const now = await registrationOf(client, id);
      if (now === null) return unknownDevice(id);
      const { enabled: _, ...fields } = now;
      return (await problemOf(client, protocols, { id, ...fields, ...defined(change) })) ?? fields;
    },
    next: (now) => ({ ...now, ...defined(change) }),
    write: async (client, next) =>
      registerDevices(client, [
        { id, ...(next as Omit<Parameters<typeof registerDevices>[1][number], "id">) },
      ]),
  });
}

/** Gives the device a new password; the one before no longer counts. */
export async function rotateDevicePassword(
  context: OperationContext,
  id: string,
  by: string,
): Promise<SecretIssued | Refusal> {
  const secret = newDeviceSecret();
  const hash = await hashDeviceSecret(secret);
  const at = new Date(context.now());
  const changed = await changeSetting<Registration>(context, {
    subject: deviceSubject(id),
    version: null,
    by,
    read: async (client) => {
      const now = await readRegisteredDevice(client, id);
      return now === null ? unknownDevice(id) : { passwordIssuedAt: now.passwordIssuedAt };
    },
    next: () => ({ passwordIssuedAt: at.toISOString() }),
    write: (client) => setDevicePassword(client, id, hash, at),
  });
  return changed.status === "refused" ? changed : { status: "done", secret };
}

/** Switches the device on or off. Off, what it says is put aside, and it gets no work. */
export async function enableDevice(
  context: OperationContext,
  id: string,
  enabled: boolean,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Registration>(context, {
    subject: deviceSubject(id),
    version: null,
    by,
    read: async (client) => {
      const now = await registrationOf(client, id);
      return now === null ? unknownDevice(id) : { enabled: now.enabled };
    },
    next: () => ({ enabled }),
    write: (client) => setDeviceEnabled(client, id, enabled),
  });
}

async function registrationOf(client: DatabaseClient, id: string) {
  const device = await readRegisteredDevice(client, id);
  if (device === null) return null;
  const { name, kind, locationId, protocol, settings, enabled } = device;
  return { name, kind, locationId, protocol, settings, enabled };
}

async function problemOf(
  client: Queryable,
  protocols: DeviceProtocols,
  device: RegisteredDevice,
): Promise<Refusal | null> {
  if (!(await findLocation(client, device.locationId)))
    return refuse("location_not_found", `There is no location "${device.locationId}".`);
  const known = protocols.protocols[device.kind];
  if (!known.includes(device.protocol))
    return refuse(
      "device_protocol_unknown",
      `A ${device.kind} does not speak "${device.protocol}"; known: ${known.join(", ")}.`,
    );
  const problem = protocols.problemOf(device);
  if (problem !== null) return refuse("device_settings_invalid", problem);
  const other = await lockSharedTopics(client, protocols, device);
  return other === null
    ? null
    : refuse("device_topic_taken", `The device "${other}" speaks on these topics already.`);
}

/** Another device that speaks on its topics; `null`: none, and until the transaction ends there will be none. */
async function lockSharedTopics(
  client: Queryable,
  protocols: DeviceProtocols,
  device: RegisteredDevice,
): Promise<string | null> {
  await lockRegistrations(client);
  const others = await listDevices(client);
  return others.find((other) => other.id !== device.id && protocols.sharesTopics(device, other))?.id ?? null;
}

function unknownDevice(id: string): Refusal {
  return refuse("device_not_found", `There is no device "${id}".`);
}

/** Without what is left out. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
