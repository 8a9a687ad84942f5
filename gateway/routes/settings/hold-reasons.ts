/** A company's own reasons to put an order on hold. */
import {
  ChangeHoldReasonBody,
  CreateHoldReasonBody,
  HoldReasonView,
} from "../../../contract/settings/hold-reasons.ts";
import { pageOf } from "../../../contract/shapes.ts";
import { changeHoldReason, createHoldReason } from "../../../operations/settings/change-hold-reason.ts";
import {
  holdReasonSubject,
  type OwnHoldReason,
  readHoldReasons,
} from "../../../store/settings/hold-reasons.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../../http/route.ts";

/** Whoever sees an order on hold sees what its reason says. */
const READ = { kind: "one-of", permissions: ["settings.read", "orders.read"] } as const;
const WRITE = { kind: "permission", permission: "hold-reasons.write" } as const;

export const holdReasonRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/hold-reasons",
    summary: "The company's own reasons to put an order on hold; those that are off too",
    access: READ,
    reply: pageOf(HoldReasonView),
    handle: async (call) => {
      const reasons = await readHoldReasons(call.services.database, callerOf(call).companyId);
      return {
        json: { items: await Promise.all(reasons.map((reason) => viewOf(call, reason))), next: null },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/hold-reasons",
    summary: "Makes a reason; its code is for good",
    access: WRITE,
    body: CreateHoldReasonBody,
    reply: HoldReasonView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await createHoldReason(call.services.operations, { body: call.body, companyId, by }));
      return { status: 201, json: await reasonOf(call, call.body.code) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/hold-reasons/{code}",
    summary: "One of them",
    access: READ,
    reply: HoldReasonView,
    handle: async (call) => ({ json: await reasonOf(call, param(call, "code")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/hold-reasons/{code}",
    summary: "Changes one, or switches it off (`active: false`); orders that have it go by what it says now",
    access: WRITE,
    body: ChangeHoldReasonBody,
    reply: HoldReasonView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const code = param(call, "code");
      done(await changeHoldReason(call.services.operations, { companyId, code }, call.body, by));
      return { json: await reasonOf(call, code) };
    },
  }),
];

async function reasonOf(call: Call<unknown, unknown>, code: string): Promise<HoldReasonView> {
  const reasons = await readHoldReasons(call.services.database, callerOf(call).companyId);
  return viewOf(call, found(reasons.find((reason) => reason.code === code) ?? null, "hold reason"));
}

async function viewOf(call: Call<unknown, unknown>, reason: OwnHoldReason): Promise<HoldReasonView> {
  return { ...reason, version: await settingVersion(call.services.database, holdReasonSubject(reason.code)) };
}
