/**
 * Passkeys: of the own account, and to sign in by. No request with an answer to a challenge takes an
 * `Idempotency-Key`: a challenge counts once.
 */
import { randomBytes } from "node:crypto";
import { SINGLE_SIGN_ON_MS } from "../../../config/limits.ts";
import { Done, pageOf } from "../../../contract/shapes.ts";
import {
  AddPasskeyBody,
  PasskeyAdded,
  PasskeyLogin,
  PasskeyOptions,
  PasskeyView,
} from "../../../contract/sign-in/passkeys.ts";
import { Session } from "../../../contract/sign-in/sessions.ts";
import {
  addPasskey,
  beginPasskey,
  challengePasskey,
  removePasskey,
} from "../../../operations/people/passkeys.ts";
import { listPasskeys } from "../../../store/access/passkeys.ts";
import { browserCookie, presentedBrowser } from "../../access/authentication.ts";
import { done, param, personOf, type Route, route, sessionOf } from "../../http/route.ts";
import { takeAddressAttempt } from "./attempts.ts";
import { passkeyOwner } from "./passkey-owner.ts";
import { openedFor } from "./sessions.ts";

/** Whoever changes how somebody signs in keeps the account for good. */
const OWN = { kind: "own" } as const;
const KNOWN = { kind: "known" } as const;

export const passkeyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/account/passkeys",
    summary: "Passkeys of who asks, the oldest first",
    access: KNOWN,
    reply: pageOf(PasskeyView),
    handle: async (call) => ({
      json: { items: await listPasskeys(call.services.database, personOf(call).id), next: null },
    }),
  }),
  route({
    method: "POST",
    path: "/v1/account/passkeys/options",
    summary:
      "What a browser needs to make a passkey; its answer counts once, in this session, for five minutes",
    access: KNOWN,
    proof: OWN,
    reply: PasskeyOptions,
    handle: async (call) => {
      const { options } = done(await beginPasskey(call.services.people, personOf(call), sessionOf(call)));
      return { json: { options } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/passkeys",
    summary:
      "Adds the passkey that a browser has made; with the first one come recovery codes, shown this once",
    access: KNOWN,
    body: AddPasskeyBody,
    reply: PasskeyAdded,
    handle: async (call) => {
      const { passkey, recoveryCodes } = done(
        await addPasskey(call.services.people, personOf(call), sessionOf(call), call.body),
      );
      return { status: 201, json: { passkey, recoveryCodes } };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/account/passkeys/{id}",
    summary: "Takes a passkey of who asks away",
    access: KNOWN,
    proof: OWN,
    reply: Done,
    handle: async (call) => {
      const { people } = call.services;
      done(await removePasskey(people, personOf(call), sessionOf(call), param(call, "id")));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/passkey-challenges",
    summary: "A challenge for any passkey of this browser, to sign in or to prove oneself by; it counts once",
    access: { kind: "public" },
    reply: PasskeyOptions,
    handle: async (call) => {
      await takeAddressAttempt(call);
      const { request, services } = call;
      // Two pages of one browser may both be signing in.
      const browser =
        presentedBrowser(request.headers, services.cookies) ?? randomBytes(32).toString("base64url");
      const { options } = done(await challengePasskey(services.people, browser));
      return {
        status: 201,
        json: { options },
        headers: { "set-cookie": browserCookie(browser, SINGLE_SIGN_ON_MS, services.cookies) },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/sessions/passkey",
    summary: "Signs in by a passkey alone, and sets the session cookie",
    access: { kind: "public" },
    body: PasskeyLogin,
    reply: Session,
    handle: async (call) => {
      await takeAddressAttempt(call);
      return openedFor(call, await passkeyOwner(call, call.body.credential), "passkey");
    },
  }),
];
