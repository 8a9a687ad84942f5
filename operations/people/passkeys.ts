/**
 * Passkeys: added to an account, taken away, and answered with at sign-in or as a proof.
 *
 * K1 A challenge counts once, and only for the session or the browser that it was given to. It is taken
 *    before anything of the answer is looked at.
 * K2 A passkey whose counter is not beyond the last one is refused: somebody may have a copy of it.
 * K3 Whoever has passkeys only has recovery codes too, from the first one on.
 */
import { generateAuthenticationOptions, generateRegistrationOptions } from "@simplewebauthn/server";
import { PASSKEY_CHALLENGE_MS, PASSKEYS_MOST } from "../../config/limits.ts";
import type { AddPasskeyBody, PasskeyAdded, PasskeyAnswer } from "../../contract/sign-in/passkeys.ts";
import {
  deletePasskey,
  findPasskey,
  insertPasskey,
  issueChallenge,
  listCredentials,
  listPasskeys,
  notePasskeyUse,
  passkeyHandle,
  takeChallenge,
} from "../../store/access/passkeys.ts";
import {
  countRecoveryCodes,
  dropUnneededCodes,
  writeRecoveryCodes,
} from "../../store/access/second-factors.ts";
import { endSessions } from "../../store/access/sessions.ts";
import type { StaffMember } from "../../store/access/staff.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting } from "../settings/change-setting.ts";
import {
  challengeOf,
  PASSKEY_ALGORITHMS,
  type RelyingParty,
  readNewPasskey,
  readPasskeyAnswer,
  refused,
  relyingPartyOf,
} from "./passkey-ceremony.ts";
import type { PeopleContext } from "./people-context.ts";
import { newRecoveryCodes, plainCode } from "./second-factor.ts";
import { staffSubject } from "./staff.ts";

type Options = { readonly status: "done"; readonly options: Record<string, unknown> };

/** What a browser needs to make a passkey. @param session of who asks, the only one whose answer counts */
export async function beginPasskey(
  context: PeopleContext,
  person: StaffMember,
  session: string,
): Promise<Options | Refusal> {
  const party = partyOf(context);
  if ("status" in party) return party;
  return inTransaction(context.database, async (client) => {
    const known = await listCredentials(client, person.id);
    if (known.length >= PASSKEYS_MOST) return full();
    const challenge = await issueChallenge(client, { session });
    const options = await generateRegistrationOptions({
      rpName: "Holdfast",
      rpID: party.id,
      userID: Uint8Array.from(await passkeyHandle(client, person.id)),
      userName: person.email,
      userDisplayName: person.name,
      challenge: Uint8Array.from(challenge),
      timeout: PASSKEY_CHALLENGE_MS,
      attestationType: "none",
      excludeCredentials: known.map(({ id }) => ({ id: id.toString("base64url") })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
    return { status: "done", options: { ...options } };
  });
}

/** Adds the passkey that a browser has made, and signs its owner out everywhere else. K3 */
export async function addPasskey(
  context: PeopleContext,
  person: StaffMember,
  session: string,
  { name, credential }: AddPasskeyBody,
): Promise<({ readonly status: "done" } & PasskeyAdded) | Refusal> {
  const party = partyOf(context);
  if ("status" in party) return party;
  const challenge = challengeOf(credential);
  if (challenge === null || !(await takeChallenge(context.database, challenge, { session })))
    return challengeOver();
  const made = await readNewPasskey(party, challenge, credential);
  if ("status" in made) return made;
  const added: { id: string | null; codes: readonly string[] | null } = { id: null, codes: null };
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async (client) => {
      const names = (await listPasskeys(client, person.id)).map((passkey) => passkey.name);
      if (names.length >= PASSKEYS_MOST) return full();
      added.id = await insertPasskey(client, { staffId: person.id, name, ...made });
      if (added.id === null) return refuse("passkey_there", "This passkey is there already.");
      return { passkeys: names };
    },
    next: ({ passkeys }) => ({ passkeys: [...(passkeys as readonly string[]), name] }),
    write: async (client) => {
      if ((await countRecoveryCodes(client, person.id)) === 0) {
        added.codes = newRecoveryCodes();
        await writeRecoveryCodes(client, person.id, added.codes.map(plainCode));
      }
      await endSessions(client, person.id, session);
    },
  });
  if (changed.status === "refused") return changed;
  const passkey = (await listPasskeys(context.database, person.id)).find(({ id }) => id === added.id);
  if (passkey === undefined) return refuse("passkey_not_found", "It has just been removed again.");
  return { status: "done", passkey, recoveryCodes: added.codes };
}

/** Takes a passkey away, and signs its owner out everywhere else. */
export async function removePasskey(
  context: PeopleContext,
  person: StaffMember,
  session: string,
  id: string,
): Promise<{ readonly status: "done" } | Refusal> {
  let left: readonly string[] = [];
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async (client) => {
      const all = await listPasskeys(client, person.id);
      if (!(await deletePasskey(client, person.id, id)))
        return refuse("passkey_not_found", "You have no such passkey.");
      left = all.filter((passkey) => passkey.id !== id).map(({ name }) => name);
      return { passkeys: all.map(({ name }) => name) };
    },
    next: () => ({ passkeys: left }),
    write: async (client) => {
      await dropUnneededCodes(client, person.id);
      await endSessions(client, person.id, session);
    },
  });
  return changed.status === "refused" ? changed : { status: "done" };
}

/** A challenge for any passkey of ours that a browser has. @param browser the only one whose answer counts */
export async function challengePasskey(context: PeopleContext, browser: string): Promise<Options | Refusal> {
  const party = partyOf(context);
  if ("status" in party) return party;
  const challenge = await issueChallenge(context.database, { browser });
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge: Uint8Array.from(challenge),
    timeout: PASSKEY_CHALLENGE_MS,
    userVerification: "required",
  });
  return { status: "done", options: { ...options } };
}

/** Whose passkey answered. */
export type PasskeyChecked = {
  readonly status: "done";
  readonly staff: StaffMember;
  readonly passkey: string;
};

/** A passkey that was used, but its counter says that there may be a copy of it. */
export type CounterFell = {
  readonly status: "counter-fell";
  readonly staff: StaffMember;
  readonly refusal: Refusal;
};

/** Whose passkey has answered the challenge. @param browser null: it has none of ours */
export async function checkPasskey(
  context: PeopleContext,
  browser: string | null,
  answer: PasskeyAnswer,
): Promise<PasskeyChecked | CounterFell | Refusal> {
  const party = partyOf(context);
  if ("status" in party) return party;
  const challenge = challengeOf(answer);
  if (browser === null || challenge === null) return challengeOver();
  const { database } = context;
  if (!(await takeChallenge(database, challenge, { browser }))) return challengeOver();
  const passkey = await findPasskey(database, Buffer.from(answer.id, "base64url"));
  if (passkey === null) return refuse("passkey_unknown", "Nobody here signs in with this passkey.");
  const handle = answer.response.userHandle;
  if (handle === undefined || !Buffer.from(handle, "base64url").equals(passkey.handle))
    return refused("it names another person than the one it was made for");
  const read = await readPasskeyAnswer(party, challenge, answer, passkey.publicKey);
  if ("status" in read) return read;
  if (!(await notePasskeyUse(database, passkey.id, read.signCount)))
    return {
      status: "counter-fell",
      staff: passkey.staff,
      refusal: refused("its counter has not gone on, as if there were a copy of it"),
    };
  return { status: "done", staff: passkey.staff, passkey: passkey.id };
}

function partyOf({ publicUrl }: PeopleContext): RelyingParty | Refusal {
  return (
    relyingPartyOf(publicUrl) ??
    refuse(
      "passkeys_impossible",
      "Passkeys need a public URL with a name in it, and this one has an address.",
    )
  );
}

function challengeOver(): Refusal {
  return refuse(
    "passkey_challenge_over",
    "The challenge was used, has expired, or was given to another browser: begin again.",
  );
}

function full(): Refusal {
  return refuse("too_many_passkeys", `An account has at most ${PASSKEYS_MOST} passkeys.`);
}
