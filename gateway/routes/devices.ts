/** Devices: registered, seen, switched off; what they could not say, and what happened to them. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  ChangeDeviceBody,
  DEVICE_KINDS,
  DeadLetterQuery,
  DeadLetterRow,
  DeadLetterView,
  DeviceAcl,
  DeviceDetail,
  DeviceEvent,
  DeviceEventQuery,
  DeviceKindView,
  DeviceView,
  IssuedDevice,
  RegisterDeviceBody,
} from "../../contract/devices.ts";
import { pageOf } from "../../contract/shapes.ts";
import { deviceAcl } from "../../operations/devices/mosquitto-lines.ts";
import {
  changeDevice,
  deviceSubject,
  enableDevice,
  registerDevice,
  rotateDevicePassword,
} from "../../operations/devices/register-device.ts";
import { retryDeadLetter } from "../../operations/devices/retry-dead-letter.ts";
import { listDeadLetters, readDeadLetter } from "../../store/floor/dead-letters.ts";
import { listDeviceEvents } from "../../store/floor/device-events.ts";
import { listDeviceViews, readRegisteredDevice } from "../../store/floor/device-views.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "devices.read" } as const;
const WRITE = { kind: "permission", permission: "devices.write" } as const;
/** Whoever has the password speaks for the device. */
const PROOF = { kind: "recent" } as const;

/** A repeat of the request that made a secret is answered without it: it is kept nowhere. */
const withoutSecret = (issued: IssuedDevice): IssuedDevice => ({ ...issued, secret: null });

export const deviceRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/devices",
    summary: "Robots, conveyors and portals with their state",
    access: READ,
    reply: pageOf(DeviceView),
    handle: async ({ services }) => ({ json: await listDeviceViews(services.database) }),
  }),
  route({
    method: "POST",
    path: "/v1/devices",
    summary: "Registers a device; its secret is in this answer and nowhere else",
    access: WRITE,
    proof: PROOF,
    body: RegisterDeviceBody,
    reply: IssuedDevice,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const { operations, devices } = call.services;
      const { secret } = done(await registerDevice(operations, devices, call.body, callerOf(call).by));
      return { status: 201, json: await issued(call, call.body.id, secret) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/devices/kinds",
    summary: "What each kind of device speaks, and which settings it has",
    access: READ,
    reply: pageOf(DeviceKindView),
    handle: async ({ services: { devices } }) => ({
      json: {
        items: DEVICE_KINDS.map((kind) => ({
          kind,
          protocols: devices.protocols[kind],
          fields: devices.settingFields[kind],
        })),
        next: null,
      },
    }),
  }),
  route({
    method: "GET",
    path: "/v1/devices/dead-letters",
    summary: "Messages of devices that were put aside, newest first",
    access: READ,
    query: Type.Object(DeadLetterQuery),
    reply: pageOf(DeadLetterRow),
    handle: async ({ query, services }) => ({
      json: await listDeadLetters(services.database, { ...query, limit: query.limit ?? PAGE_DEFAULT }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/devices/dead-letters/{letterId}",
    summary: "A message that was put aside, with its bytes",
    access: READ,
    reply: DeadLetterView,
    handle: async (call) => ({ json: await letterOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/devices/dead-letters/{letterId}/retry",
    summary: "Has a message that was put aside given to its handler again",
    access: WRITE,
    reply: DeadLetterView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await retryDeadLetter(call.services.operations, param(call, "letterId"), callerOf(call).by));
      return { json: await letterOf(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/devices/events",
    summary: "Connections, errors, refused work and messages put aside, newest first",
    access: READ,
    query: Type.Object(DeviceEventQuery),
    reply: pageOf(DeviceEvent),
    handle: async ({ query, services }) => ({
      json: await listDeviceEvents(services.database, { ...query, limit: query.limit ?? PAGE_DEFAULT }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/devices/{id}",
    summary: "What is registered of a device",
    access: READ,
    reply: DeviceDetail,
    handle: async (call) => ({ json: (await registered(call, param(call, "id"))).detail }),
  }),
  route({
    method: "PATCH",
    path: "/v1/devices/{id}",
    summary: "Changes what is registered of a device; what is left out stays as it is",
    access: WRITE,
    body: ChangeDeviceBody,
    reply: DeviceDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const { operations, devices } = call.services;
      const id = param(call, "id");
      done(await changeDevice(operations, devices, id, call.body, callerOf(call).by));
      return { json: (await registered(call, id)).detail };
    },
  }),
  route({
    method: "POST",
    path: "/v1/devices/{id}/rotate",
    summary: "Makes a new password for a device; the one before no longer counts",
    access: WRITE,
    proof: PROOF,
    reply: IssuedDevice,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const id = param(call, "id");
      const { secret } = done(await rotateDevicePassword(call.services.operations, id, callerOf(call).by));
      return { json: await issued(call, id, secret) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/devices/{id}/disable",
    summary: "Switches a device off: what it says is put aside, and it gets no work",
    access: WRITE,
    reply: DeviceDetail,
    idempotency: "accepted",
    handle: (call) => enable(call, false),
  }),
  route({
    method: "POST",
    path: "/v1/devices/{id}/enable",
    summary: "Switches a device on again",
    access: WRITE,
    reply: DeviceDetail,
    idempotency: "accepted",
    handle: (call) => enable(call, true),
  }),
  route({
    method: "GET",
    path: "/v1/devices/{id}/acl",
    summary: "What the broker is to let a device do, also as lines for mosquitto",
    access: WRITE,
    reply: DeviceAcl,
    handle: async (call) => ({ json: (await registered(call, param(call, "id"))).acl }),
  }),
];

async function registered(
  { services }: Call<unknown, unknown>,
  id: string,
): Promise<{ readonly detail: DeviceDetail; readonly acl: DeviceAcl }> {
  const device = await readRegisteredDevice(services.database, id);
  if (device === null) throw new ApiError("device_not_found", `There is no device "${id}".`);
  const { passwordHash, ...rest } = device;
  return {
    detail: { ...rest, version: await settingVersion(services.database, deviceSubject(id)) },
    acl: deviceAcl(services.devices.userNameOf(id), services.devices.topicsOf(device), passwordHash),
  };
}

async function issued(
  call: Call<unknown, unknown>,
  id: string,
  secret: string | null,
): Promise<IssuedDevice> {
  const { detail, acl } = await registered(call, id);
  return { device: detail, secret, acl };
}

async function enable(call: Call<unknown, unknown>, enabled: boolean) {
  const id = param(call, "id");
  done(await enableDevice(call.services.operations, id, enabled, callerOf(call).by));
  return { json: (await registered(call, id)).detail };
}

async function letterOf(call: Call<unknown, unknown>): Promise<DeadLetterView> {
  const id = param(call, "letterId");
  const letter = await readDeadLetter(call.services.database, id);
  if (letter === null) throw new ApiError("dead_letter_not_found", `There is no dead letter ${id}.`);
  return letter;
}
