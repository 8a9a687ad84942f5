/** API keys: made, given a new secret, disabled. */
import { CreateKeyBody, IssuedKey, KeyView, RotateKeyBody } from "../../contract/keys.ts";
import { pageOf } from "../../contract/shapes.ts";
import { disableKey, makeKey, rotateKey } from "../../operations/keys/api-keys.ts";
import { listApiKeys, readApiKey } from "../../store/access/api-keys.ts";
import { requireScopes } from "../access/given-rights.ts";
import { type Call, callerOf, done, keyOf, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "keys.read" } as const;
const WRITE = { kind: "permission", permission: "keys.write" } as const;
/** Whoever found a browser open must not take a key with them. */
const PROOF = { kind: "recent" } as const;

/** A repeat of the request that made a secret is answered without it: it is kept nowhere. */
const withoutSecret = (issued: IssuedKey): IssuedKey => ({ ...issued, secret: null });

export const keyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/keys",
    summary: "API keys of the company, without their secrets",
    access: READ,
    reply: pageOf(KeyView),
    handle: async (call) => ({
      json: {
        items: await listApiKeys(call.services.database, callerOf(call).companyId),
        next: null,
      },
    }),
  }),
  route({
    method: "POST",
    path: "/v1/keys",
    summary: "Makes an API key; its secret is in this answer and nowhere else",
    access: WRITE,
    proof: PROOF,
    body: CreateKeyBody,
    reply: IssuedKey,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      requireScopes(callerOf(call), call.body.scopes, call.body.channel !== undefined);
      const { id, secret } = done(
        await makeKey(call.services.operations, companyId, call.body, by, keyOf(call)),
      );
      return { status: 201, json: { key: await keyWith(call, id), secret } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/keys/{id}",
    summary: "An API key, without its secret",
    access: READ,
    reply: KeyView,
    handle: async (call) => ({ json: await keyWith(call, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/keys/{id}/rotate",
    summary: "Gives a key a new secret; the one before counts on for a while",
    access: WRITE,
    proof: PROOF,
    body: RotateKeyBody,
    reply: IssuedKey,
    idempotency: "accepted",
    kept: withoutSecret,
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const id = param(call, "id");
      const { scopes, channel } = await keyWith(call, id);
      requireScopes(callerOf(call), scopes, channel !== null);
      const { overlapMinutes } = call.body;
      const { secret } = done(
        await rotateKey(call.services.operations, companyId, id, overlapMinutes, by, keyOf(call)),
      );
      return { json: { key: await keyWith(call, id), secret } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/keys/{id}/disable",
    summary: "Disables a key for good, with all of its secrets",
    access: WRITE,
    proof: PROOF,
    reply: KeyView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const id = param(call, "id");
      done(await disableKey(call.services.operations, companyId, id, by));
      return { json: await keyWith(call, id) };
    },
  }),
];

async function keyWith(call: Call<unknown, unknown>, id: string): Promise<KeyView> {
  const key = await readApiKey(call.services.database, callerOf(call).companyId, id);
  if (key === null) throw new ApiError("key_not_found", `There is no key "${id}".`);
  return key;
}
