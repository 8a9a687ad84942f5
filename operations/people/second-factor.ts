/**
 * The second factor of a sign-in by password: one-time passwords by time (RFC 6238: SHA-1, six digits, 30
 * seconds, which is what every authenticator app speaks), a passkey (`passkeys.ts`), or a recovery code.
 *
 * T1 A secret counts once a code of it was shown; until then signing in does not ask for it.
 * T2 A code counts once, in its own 30 seconds or the next, and so does a recovery code, at any time.
 * T3 Who makes or removes a factor has just proved who they are (ADR 0051): an open browser alone does not
 *    do.
 */
import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { listPasskeys } from "../../store/access/passkeys.ts";
import {
  confirmSecondFactor,
  readSecondFactor,
  removeSecondFactor,
  spendRecoveryCode,
  takeStep,
  writeRecoveryCodes,
  writeSecondFactor,
} from "../../store/access/second-factors.ts";
import { endSessions } from "../../store/access/sessions.ts";
import type { StaffMember } from "../../store/access/staff.ts";
import { type DatabaseClient, inTransaction, type Queryable } from "../../store/sql/database.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting } from "../settings/change-setting.ts";
import type { PeopleContext } from "./people-context.ts";
import { staffSubject } from "./staff.ts";

/** RFC 4226 recommends 160 bits. */
const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;
/**
 * Steps before now that are taken too: RFC 6238 (5.2) recommends one at most, for what typing and the network
 * take. None after now, so that a code is of no use before its time.
 */
const STEPS_BEFORE = 1;
const RECOVERY_CODES = 10;
/** 120 random bits each, so that a fast hash of one cannot be turned around. */
const RECOVERY_BYTES = 15;

export type NewSecret = { readonly status: "done"; readonly secret: string; readonly uri: string };

/** Makes a secret for a person's app. T1 */
export async function beginSecondFactor(
  { database, secrets }: PeopleContext,
  person: StaffMember,
): Promise<NewSecret | Refusal> {
  const secret = randomBytes(SECRET_BYTES);
  if (!(await writeSecondFactor(database, secrets, person.id, secret)))
    return refuse("second_factor_there", "You have a second factor already: remove it first.");
  const totp = totpOf(secret, person.email);
  return { status: "done", secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * The app has the secret, as its code shows.
 * @param session the id of the one that stays
 * @returns the recovery codes, which nothing keeps
 */
export async function confirmFactor(
  context: PeopleContext,
  person: StaffMember,
  code: string,
  session: string | null,
): Promise<{ readonly status: "done"; readonly codes: readonly string[] } | Refusal> {
  const codes = newRecoveryCodes();
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async (client) => {
      const factor = await readSecondFactor(client, context.secrets, person.id);
      if (factor === null) return refuse("second_factor_missing", "There is no secret to confirm yet.");
      if (factor.confirmed)
        return refuse("second_factor_there", "You have a second factor already: remove it first.");
      if (!(await isCodeOfApp(client, person.id, factor.secret, code))) return wrongCode();
      return { secondFactor: false };
    },
    next: () => ({ secondFactor: true }),
    write: async (client) => {
      await confirmSecondFactor(client, person.id, codes.map(plainCode));
      await endSessions(client, person.id, session);
    },
  });
  return changed.status === "refused" ? changed : { status: "done", codes };
}

/** Makes recovery codes in place of those before. @returns them, which nothing keeps */
export async function renewRecoveryCodes(
  context: PeopleContext,
  person: StaffMember,
): Promise<{ readonly status: "done"; readonly codes: readonly string[] } | Refusal> {
  const codes = newRecoveryCodes();
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async (client) => {
      const factor = await readSecondFactor(client, context.secrets, person.id);
      const passkeys = await listPasskeys(client, person.id);
      return factor?.confirmed === true || passkeys.length > 0
        ? {}
        : refuse("second_factor_missing", "You have no second factor for them to be in the place of.");
    },
    next: () => ({ recoveryCodesMadeAt: new Date().toISOString() }),
    write: (client) => writeRecoveryCodes(client, person.id, codes.map(plainCode)),
  });
  return changed.status === "refused" ? changed : { status: "done", codes };
}

/** Signing in asks for no code of the app any more. T3 @param session the id of the one that stays */
export async function removeFactor(
  context: PeopleContext,
  person: StaffMember,
  session: string | null,
): Promise<{ readonly status: "done" } | Refusal> {
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async (client) => {
      const factor = await readSecondFactor(client, context.secrets, person.id);
      if (factor === null || !factor.confirmed)
        return refuse("second_factor_missing", "You have no second factor.");
      return { secondFactor: true };
    },
    next: () => ({ secondFactor: false }),
    write: async (client) => {
      await removeSecondFactor(client, person.id);
      await endSessions(client, person.id, session);
    },
  });
  return changed.status === "refused" ? changed : { status: "done" };
}

/**
 * What is still missing of a sign-in whose password is right; null: nothing.
 *
 * @param given the app's code or a recovery code, or whose passkey has answered beside it
 */
export async function askForSecondFactor(
  { database, secrets }: PeopleContext,
  person: StaffMember,
  given: { readonly code?: string | undefined; readonly passkeyOf?: StaffMember | undefined },
): Promise<Refusal | null> {
  if (given.passkeyOf !== undefined)
    return given.passkeyOf.id === person.id
      ? null
      : refuse("passkey_refused", "The passkey's answer is not taken: it is another person's.");
  return inTransaction(database, async (client) => {
    const stored = await readSecondFactor(client, secrets, person.id);
    const secret = stored?.confirmed === true ? stored.secret : null;
    const passkeys = await listPasskeys(client, person.id);
    if (secret === null && passkeys.length === 0) return null;
    if (given.code === undefined) {
      const means = [
        secret === null ? [] : ["the code that your app shows"],
        passkeys.length === 0 ? [] : ["your passkey"],
      ];
      return refuse("second_factor_needed", `Signing in also needs ${means.flat().join(", or ")}.`);
    }
    return (await takeCode(client, person.id, secret, given.code)) ? null : wrongCode();
  });
}

/** T2 */
async function takeCode(
  client: DatabaseClient,
  staffId: string,
  secret: Buffer | null,
  code: string,
): Promise<boolean> {
  return (
    (secret !== null && (await isCodeOfApp(client, staffId, secret, code))) ||
    (await spendRecoveryCode(client, staffId, plainCode(code)))
  );
}

async function isCodeOfApp(
  client: Queryable,
  staffId: string,
  secret: Buffer,
  code: string,
): Promise<boolean> {
  const step = stepOfCode(secret, code, Date.now());
  return step !== null && takeStep(client, staffId, step);
}

/**
 * Which step a code is of, counted from the Unix epoch; null: of none that is taken.
 * @param nowMs milliseconds since the Unix epoch
 */
export function stepOfCode(secret: Uint8Array, code: string, nowMs: number): number | null {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return null;
  const delta = totpOf(secret, "").validate({ token, timestamp: nowMs, window: STEPS_BEFORE });
  return delta === null || delta > 0 ? null : Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta;
}

function totpOf(secret: Uint8Array, email: string): TOTP {
  return new TOTP({
    issuer: "Holdfast",
    label: email,
    algorithm: "SHA1",
    digits: 6,
    period: PERIOD_SECONDS,
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
  });
}

/** Letters and digits that nobody confuses, in groups: `k3v8-…`. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
}

function newRecoveryCode(): string {
  const text = new Secret({ buffer: Uint8Array.from(randomBytes(RECOVERY_BYTES)).buffer }).base32;
  return (text.toLowerCase().match(/.{4}/g) ?? []).join("-");
}

/** As it is hashed: people type it with and without hyphens, in either case. */
export function plainCode(code: string): string {
  return code.replace(/[\s-]/g, "").toLowerCase();
}

function wrongCode(): Refusal {
  return refuse("second_factor_wrong", "This is not the code of now, or it has been used.");
}
