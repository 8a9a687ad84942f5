/** People of the company: added, changed, switched off, signed out, given a link for a password. */
import {
  ChangeStaffBody,
  CreateStaffBody,
  IssuedLink,
  SessionsEnded,
  StaffView,
} from "../../contract/people.ts";
import { pageOf } from "../../contract/shapes.ts";
import { issuePasswordLink } from "../../operations/people/password-links.ts";
import {
  addStaff,
  changeStaff,
  enableStaff,
  endStaffSessions,
  resetSecondFactor,
} from "../../operations/people/staff.ts";
import { listStaff, readStaff, staffEmail } from "../../store/access/staff.ts";
import { requireRightsOf } from "../access/given-rights.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "people.read" } as const;
const WRITE = { kind: "permission", permission: "people.write" } as const;
/** Whoever found a browser open must not give rights away, or take them. */
const PROOF = { kind: "recent" } as const;

/** A repeat of the request that made a link is answered without it: it is kept nowhere. */
const withoutLink = (issued: IssuedLink): IssuedLink => ({ ...issued, link: null });

export const peopleRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/staff",
    summary: "People of the company",
    access: READ,
    reply: pageOf(StaffView),
    handle: async (call) => ({
      json: {
        items: await listStaff(call.services.database, callerOf(call).companyId),
        next: null,
      },
    }),
  }),
  route({
    method: "POST",
    path: "/v1/staff",
    summary:
      "Adds a person; the link by which they set a password is in this answer, and mailed where that is possible",
    access: WRITE,
    proof: PROOF,
    body: CreateStaffBody,
    reply: IssuedLink,
    idempotency: "accepted",
    kept: withoutLink,
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      await requireRightsOf(call.services.database, callerOf(call), call.body.role);
      const { id } = done(await addStaff(call.services.people, companyId, call.body, by));
      return { status: 201, json: await issued(call, id) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/staff/{id}",
    summary: "A person of the company",
    access: READ,
    reply: StaffView,
    handle: async (call) => ({ json: await personWith(call, param(call, "id")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/staff/{id}",
    summary: "Changes name, address or role; a new address or role signs the person out everywhere",
    access: WRITE,
    proof: PROOF,
    body: ChangeStaffBody,
    reply: StaffView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const id = await lessThanCaller(call);
      const { email, role } = call.body;
      if (email !== undefined && staffEmail(email) !== (await personWith(call, id)).email)
        requireAnother(call, id);
      if (role !== undefined) await requireRightsOf(call.services.database, callerOf(call), role);
      done(await changeStaff(call.services.people, companyId, id, call.body, by));
      return { json: await personWith(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/staff/{id}/disable",
    summary: "Switches a person off: signed out everywhere at once, and not let in again",
    access: WRITE,
    proof: PROOF,
    reply: StaffView,
    idempotency: "accepted",
    handle: (call) => enable(call, false),
  }),
  route({
    method: "POST",
    path: "/v1/staff/{id}/enable",
    summary: "Switches a person on again, with the password that they had",
    access: WRITE,
    proof: PROOF,
    reply: StaffView,
    idempotency: "accepted",
    handle: (call) => enable(call, true),
  }),
  route({
    method: "POST",
    path: "/v1/staff/{id}/end-sessions",
    summary: "Signs a person out everywhere",
    access: WRITE,
    proof: PROOF,
    reply: SessionsEnded,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const id = await lessThanCaller(call);
      return { json: done(await endStaffSessions(call.services.people, companyId, id, by)) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/staff/{id}/reset-password",
    summary:
      "Makes a link by which the person sets a new password; the one before goes on counting until then",
    access: WRITE,
    proof: PROOF,
    reply: IssuedLink,
    idempotency: "accepted",
    kept: withoutLink,
    handle: async (call) => {
      const id = await lessThanCaller(call);
      requireAnother(call, id);
      return { json: await issued(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/staff/{id}/remove-second-factor",
    summary: "Takes a lost second factor away, and signs the person out everywhere",
    access: WRITE,
    proof: PROOF,
    reply: StaffView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const id = await lessThanCaller(call);
      requireAnother(call, id);
      done(await resetSecondFactor(call.services.people, companyId, id, by));
      return { json: await personWith(call, id) };
    },
  }),
];

/** Whoever could set the password of somebody with more rights would have them. @returns the person's id */
async function lessThanCaller(call: Call<unknown, unknown>): Promise<string> {
  const id = param(call, "id");
  const { role } = await personWith(call, id);
  await requireRightsOf(call.services.database, callerOf(call), role);
  return id;
}

/** A browser that somebody left open is not enough to take its owner's account over. */
function requireAnother(call: Call<unknown, unknown>, id: string): void {
  if (callerOf(call).staff?.id === id)
    throw new ApiError(
      "own_account",
      "This is your own account: set password and second factor by /v1/account, which asks who is there. Your " +
        "address is changed by another administrator.",
    );
}

async function personWith(call: Call<unknown, unknown>, id: string): Promise<StaffView> {
  const person = await readStaff(call.services.database, callerOf(call).companyId, id);
  if (person === null) throw new ApiError("person_not_found", `There is no person "${id}".`);
  return person;
}

async function issued(call: Call<unknown, unknown>, id: string): Promise<IssuedLink> {
  const { by, companyId } = callerOf(call);
  const { link, expiresAt, mailed } = done(await issuePasswordLink(call.services.people, companyId, id, by));
  return { person: await personWith(call, id), link, expiresAt, mailed };
}

async function enable(call: Call<unknown, unknown>, enabled: boolean) {
  const { by, companyId } = callerOf(call);
  const id = await lessThanCaller(call);
  done(await enableStaff(call.services.people, companyId, id, enabled, by));
  return { json: await personWith(call, id) };
}
