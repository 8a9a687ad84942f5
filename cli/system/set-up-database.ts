/**
 * `holdfast setup` on the database itself: there is no gateway yet that could be asked. Brings the schema up
 * to date, sets up, and makes the first key, by which the command line goes on.
 */
import Type from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { Setup } from "../../contract/company.ts";
import { firstFault } from "../../contract/faults/first-fault.ts";
import { problemOfCompany } from "../../operations/company/company-rules.ts";
import {
  readSetupState,
  type SetupState,
  setUp,
  setUpAdministrator,
} from "../../operations/company/set-up.ts";
import { problemOfPassword } from "../../operations/people/password-rules.ts";
import type { Refusal } from "../../operations/refusal.ts";
import { placeOf } from "../../orders/geography.ts";
import { API_SCOPES, createApiKey } from "../../store/access/api-keys.ts";
import { readCompany } from "../../store/catalog/companies.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { errorCode, reasonOf, UserProblem } from "../problem.ts";
import { bringSchemaUpToDate } from "./schema.ts";

/** Long enough to make lasting keys by it, and short enough to be forgotten. */
const FIRST_KEY_MS = 24 * 60 * 60_000;

export type SetupDatabase = {
  /** What there is of a system now, with the name of its company. */
  look(): Promise<{ readonly state: SetupState; readonly company: string | null }>;
  /** @throws UserProblem where it is refused; nothing was changed then */
  setUp(setup: Setup): Promise<Finished>;
  /** Makes an administrator where the company has none. @throws UserProblem */
  setUpAdministrator(companyId: string, administrator: Setup["administrator"]): Promise<Finished>;
  close(): Promise<void>;
};

type Finished = {
  readonly company: string;
  readonly administrator: string;
  readonly location: string | null;
  /** With every right, for a day. */
  readonly key: { readonly secret: string; readonly expiresAt: string };
};

/** @throws UserProblem where the database cannot be used */
export async function openForSetup(databaseUrl: string): Promise<SetupDatabase> {
  await bringSchemaUpToDate(databaseUrl).catch((error: unknown) => {
    throw error instanceof UserProblem ? error : unreachable(error);
  });
  const database = openDatabase(databaseUrl, { maxConnections: 2, name: "holdfast-setup" });
  return {
    look: async () => {
      const state = await readSetupState(database);
      const name = state.state === "empty" ? null : (await readCompany(database, state.company))?.name;
      return { state, company: name ?? null };
    },
    setUp: async (setup) => {
      const { made } = doneOrProblem(await setUp(database, setup));
      return { ...made, key: await firstKey(database, made.company) };
    },
    setUpAdministrator: async (company, given) => {
      const { administrator } = doneOrProblem(await setUpAdministrator(database, company, given));
      return { company, administrator, location: null, key: await firstKey(database, company) };
    },
    close: () => database.end(),
  };
}

const WHOLE = Compile(Setup) as unknown as Validator;
const EMAIL = Compile(Setup.properties.administrator.properties.email) as unknown as Validator;
const ADMINISTRATOR = Compile(
  Type.Object({ administrator: Setup.properties.administrator }),
) as unknown as Validator;

/** @throws UserProblem that names the first field that cannot be */
export function requireSetup(given: unknown): Setup {
  return required<Setup>(WHOLE, given);
}

/** @throws UserProblem that names the first field that cannot be */
export function requireAdministrator(given: unknown): Setup["administrator"] {
  return required<{ administrator: Setup["administrator"] }>(ADMINISTRATOR, { administrator: given })
    .administrator;
}

function required<T>(validator: Validator, given: unknown): T {
  if (validator.Check(given)) return given as T;
  throw new UserProblem(
    "invalid_argument",
    `What was given cannot be: ${firstFault(validator, given)}.`,
    "`holdfast setup --help` says what each option is.",
    { exitStatus: 2 },
  );
}

/**
 * Why an answer cannot be, while somebody is there who can give another; undefined: it can. The whole is
 * looked at again in the end.
 */
export const whyNot = {
  timeZone: (text: string) => problemOfCompany({ timeZone: text, currency: "USD" })?.detail,
  currency: (text: string) => problemOfCompany({ timeZone: "UTC", currency: text.toUpperCase() })?.detail,
  country: (text: string) =>
    placeOf({ name: "", line1: "", city: "", country: text.toUpperCase() }) === null
      ? `"${text}" is no country of ISO 3166-1.`
      : undefined,
  email: (text: string) => (EMAIL.Check(text) ? undefined : `"${text}" is no e-mail address.`),
  password: async (text: string, person: { readonly email: string; readonly name: string }) =>
    (await problemOfPassword(text, person))?.detail,
};

async function firstKey(database: Database, companyId: string) {
  const expiresAt = new Date(Date.now() + FIRST_KEY_MS).toISOString();
  const { clearText } = await createApiKey(database, {
    companyId,
    channelId: null,
    name: "first key of the set-up",
    scopes: API_SCOPES,
    expiresAt,
  });
  return { secret: clearText, expiresAt };
}

function doneOrProblem<T extends { readonly status: "done" }>(result: T | Refusal): T {
  if (result.status !== "refused") return result as T;
  throw new UserProblem(
    result.code,
    result.detail,
    result.code === "already_set_up"
      ? "Sign in, or ask an administrator."
      : "Nothing was changed: correct it and run the same again.",
  );
}

function unreachable(error: unknown): UserProblem {
  return new UserProblem(
    "database_unreachable",
    `The database that DATABASE_URL names cannot be used (${errorCode(error) ?? reasonOf(error)}).`,
    "Check its address, name, user and password.",
    { cause: error },
  );
}
