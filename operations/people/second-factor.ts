/**
 * The second factor of a sign-in: one-time passwords by time (RFC 6238: SHA-1, six digits, 30 seconds, which
 * is what every authenticator app speaks), and recovery codes in their place.
 *
 * T1 A secret counts once a code of it was shown; until then signing in does not ask for it.
 * T2 A code counts once, and so does a recovery code.
 * T3 Who makes or removes a factor says their password again: an open browser alone does not do.
 */
import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import {
  confirmSecondFactor,
  readSecondFactor,
  removeSecondFactor,
  spendRecoveryCode,
  takeStep,
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
/** Steps before and after now that are taken too: clocks of phones are a little off. */
const STEPS_OFF = 1;
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

/** The app has the secret, as its code shows. @returns the recovery codes, which nothing keeps */
export async function confirmFactor(
  context: PeopleContext,
  person: StaffMember,
  code: string,
  session: string | null,
): Promise<{ readonly status: "done"; readonly codes: readonly string[] } | Refusal> {
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
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
      await confirmSecondFactor(client, person.id, codes.map(plain));
      await endSessions(client, person.id, session);
    },
  });
  return changed.status === "refused" ? changed : { status: "done", codes };
}

/** Signing in asks for the password alone again. */
export async function removeFactor(
  context: PeopleContext,
  person: StaffMember,
  code: string,
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
      return (await takeCode(client, person.id, factor.secret, code)) ? { secondFactor: true } : wrongCode();
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
 * @param code what the person gave, of the app or a recovery code; undefined: nothing yet
 */
export async function askForSecondFactor(
  { database, secrets }: PeopleContext,
  person: StaffMember,
  code: string | undefined,
): Promise<Refusal | null> {
  return inTransaction(database, async (client) => {
    const factor = await readSecondFactor(client, secrets, person.id);
    if (factor === null || !factor.confirmed) return null;
    if (code === undefined)
      return refuse("second_factor_needed", "Signing in also needs the code that your app shows.");
    return (await takeCode(client, person.id, factor.secret, code)) ? null : wrongCode();
  });
}

/** T2 */
async function takeCode(
  client: DatabaseClient,
  staffId: string,
  secret: Buffer,
  code: string,
): Promise<boolean> {
  return (
    (await isCodeOfApp(client, staffId, secret, code)) ||
    (await spendRecoveryCode(client, staffId, plain(code)))
  );
}

async function isCodeOfApp(
  client: Queryable,
  staffId: string,
  secret: Buffer,
  code: string,
): Promise<boolean> {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return false;
  const nowMs = Date.now();
  const delta = totpOf(secret, "").validate({ token, timestamp: nowMs, window: STEPS_OFF });
  if (delta === null) return false;
  return takeStep(client, staffId, Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta);
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
function newRecoveryCode(): string {
  const text = new Secret({ buffer: Uint8Array.from(randomBytes(RECOVERY_BYTES)).buffer }).base32;
  return (text.toLowerCase().match(/.{4}/g) ?? []).join("-");
}

/** As it is hashed: people type it with and without hyphens, in either case. */
function plain(code: string): string {
  return code.replace(/[\s-]/g, "").toLowerCase();
}

function wrongCode(): Refusal {
  return refuse("second_factor_wrong", "This is not the code of now, or it has been used.");
}
