/** What is known of a shopper: found, told, erased; and how long it is kept. */
import {
  ErasureList,
  ErasureView,
  PersonBody,
  PersonExport,
  PersonsOrders,
  Retention,
  RetentionBody,
  RetentionReport,
} from "../../contract/personal-data.ts";
import { erasePerson, waitingOrders } from "../../operations/personal-data/erase-person.ts";
import { exportPerson } from "../../operations/personal-data/export-person.ts";
import { retentionReport } from "../../operations/personal-data/keep-clean.ts";
import { personsOrders } from "../../operations/personal-data/persons-orders.ts";
import { changeRetention } from "../../operations/settings/change-retention.ts";
import { type Erasure, listErasures } from "../../store/personal-data/erasures.ts";
import { RETENTION_SUBJECT, readRetention } from "../../store/settings/retention.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import type { Queryable } from "../../store/sql/database.ts";
import { type Call, callerOf, done, keyOf, type Route, route } from "../http/route.ts";

const EXPORT = { kind: "permission", permission: "personal-data.export" } as const;
const ERASE = { kind: "permission", permission: "personal-data.erase" } as const;
const SETTINGS = { kind: "permission", permission: "settings.read" } as const;
const MOST_ERASURES = 10_000;

export const personalDataRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/personal-data/orders",
    summary: "The orders of a shopper, and for each why it cannot be erased yet",
    access: EXPORT,
    body: PersonBody,
    reply: PersonsOrders,
    handle: async (call) => {
      const { orders } = done(
        await personsOrders(call.services.database, callerOf(call).companyId, call.body),
      );
      return { json: { orders } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/personal-data/export",
    summary:
      "Everything that is stored of a shopper, over all places; the audit log keeps that it was exported",
    access: EXPORT,
    body: PersonBody,
    reply: PersonExport,
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { status: _status, ...exported } = done(
        await exportPerson(call.services.operations, companyId, call.body, by),
      );
      return { json: exported };
    },
  }),
  route({
    method: "POST",
    path: "/v1/personal-data/erasures",
    summary:
      "Erases the personal data of all orders of a shopper, for good; refused while any of it is needed",
    access: ERASE,
    body: PersonBody,
    reply: ErasureView,
    idempotency: "required",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { erasure } = done(
        await erasePerson(call.services.operations, companyId, call.body, by, keyOf(call)),
      );
      const [json] = await erasureViews(call.services.database, [erasure]);
      return { json: json as ErasureView };
    },
  }),
  route({
    method: "GET",
    path: "/v1/personal-data/erasures",
    summary: "Erasures, newest first; kept apart from the database, they are applied again after a restore",
    access: ERASE,
    reply: ErasureList,
    handle: async (call) => {
      const { database } = call.services;
      const erasures = await listErasures(database, callerOf(call).companyId, MOST_ERASURES);
      return { json: { items: await erasureViews(database, erasures), next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/settings/retention",
    summary: "For how many days personal data is kept, by kind",
    access: SETTINGS,
    reply: Retention,
    handle: async (call) => ({ json: await retention(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/settings/retention",
    summary: "Sets for how many days personal data is kept; what is left out stays as it is",
    access: { kind: "permission", permission: "retention.write" },
    body: RetentionBody,
    reply: Retention,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeRetention(call.services.operations, call.body, callerOf(call).by));
      return { json: await retention(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/settings/retention/due",
    summary: "How much is older than it is kept, and goes with the next look",
    access: SETTINGS,
    reply: RetentionReport,
    handle: async (call) => ({ json: await retentionReport(call.services.database) }),
  }),
];

async function erasureViews(database: Queryable, erasures: readonly Erasure[]): Promise<ErasureView[]> {
  const waiting = await waitingOrders(database, erasures);
  return erasures.map((each) => ({
    ...each,
    orders: [...each.orders],
    waiting: [...(waiting.get(each.id) ?? [])],
  }));
}

async function retention({ services: { database } }: Call<unknown, unknown>): Promise<Retention> {
  return {
    version: await settingVersion(database, RETENTION_SUBJECT),
    ...(await readRetention(database)),
  };
}
