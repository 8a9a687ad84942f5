/**
 * An empty system becomes somebody's: its company, its first administrator and one location.
 *
 * S1 All of it in one transaction, and once: of two at the same time one does it, and the other is told what
 *    there is.
 * S2 Where a company has lost its last administrator, the same makes a new one, and touches nothing else.
 *    Whoever may do this has the database, or the token that the process shows: no session, no key.
 */
import { randomBytes } from "node:crypto";
import type { SetUp, Setup } from "../../contract/company.ts";
import { type Place, placeOf } from "../../orders/geography.ts";
import { hashPassword } from "../../store/access/passwords.ts";
import {
  ADMINISTRATOR,
  countAdministrators,
  insertStaff,
  isEmailTaken,
  newStaffId,
  staffEmail,
} from "../../store/access/staff.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import {
  companyId as existingCompany,
  insertCompany,
  lockCompanies,
  readCompany,
} from "../../store/catalog/companies.ts";
import { insertLocations } from "../../store/catalog/locations.ts";
import { recordSettingChange } from "../../store/settings/setting-changes.ts";
import { type Database, inTransaction, type Queryable } from "../../store/sql/database.ts";
import { callerIn } from "../context.ts";
import { problemOfPassword } from "../people/password-rules.ts";
import { staffSubject } from "../people/staff.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { companySubject } from "./change-company.ts";
import { problemOfCompany } from "./company-rules.ts";

/** Who did it, in the record of changes. */
const BY = "set-up";
/** Of a location that is the only one; others are ranked against it. */
const PRIORITY = 10;

export type SetupState =
  /** No company: `setUp` makes one. */
  | { readonly state: "empty" }
  /** A company whose administrators cannot sign in any more: `setUpAdministrator` makes one. */
  | { readonly state: "without-administrator"; readonly company: string }
  | { readonly state: "there"; readonly company: string };

/** What there is of a system. */
export async function readSetupState(client: Queryable): Promise<SetupState> {
  const company = await existingCompany(client);
  if (company === undefined) return { state: "empty" };
  const isRuled = (await countAdministrators(client, company, null)) > 0;
  return { state: isRuled ? "there" : "without-administrator", company };
}

/** S1. The refusal `already_set_up` says what there is. */
export async function setUp(
  database: Database,
  setup: Setup,
): Promise<{ readonly status: "done"; readonly made: SetUp } | Refusal> {
  const { company, administrator, location } = setup;
  const place = placeOfLocation(location);
  const problem =
    problemOfCompany(company) ??
    ((location.latitude === undefined) !== (location.longitude === undefined)
      ? refuse("place_incomplete", "Give latitude and longitude, or neither.")
      : null) ??
    (place === null
      ? refuse("unknown_country", `"${location.country}" is no country of ISO 3166-1.`)
      : null) ??
    (await problemOfPassword(administrator.password, administrator));
  if (problem !== null) return problem;
  if (place === null) throw new Error("a location without a place was let through");
  const passwordHash = await hashPassword(administrator.password);
  return inTransaction(database, async (client) => {
    await lockCompanies(client);
    const existing = await existingCompany(client);
    if (existing !== undefined) return alreadySetUp(client, existing);
    const companyId = slugOf(company.name, "company");
    const locationId = slugOf(location.name, "location");
    await insertCompany(client, { id: companyId, ...company });
    const { kind = "fulfillment_center", name, latitude, longitude, ...address } = location;
    await insertLocations(client, companyId, [
      {
        locationId,
        kind,
        name,
        priority: PRIORITY,
        latitude: latitude ?? place.latitude,
        longitude: longitude ?? place.longitude,
        address: { ...address, name: company.name },
        timeZone: company.timeZone,
      },
    ]);
    await insertAdministrator(client, companyId, administrator, passwordHash);
    await record(client, companySubject(companyId), { ...company, location: locationId });
    return {
      status: "done",
      made: { company: companyId, administrator: staffEmail(administrator.email), location: locationId },
    };
  });
}

/** S2 */
export async function setUpAdministrator(
  database: Database,
  companyId: string,
  administrator: Setup["administrator"],
): Promise<{ readonly status: "done"; readonly administrator: string } | Refusal> {
  const problem = await problemOfPassword(administrator.password, administrator);
  if (problem !== null) return problem;
  const passwordHash = await hashPassword(administrator.password);
  return inTransaction(database, async (client) => {
    await lockCompanies(client);
    if ((await countAdministrators(client, companyId, null)) > 0) return alreadySetUp(client, companyId);
    if (await isEmailTaken(client, administrator.email, ""))
      return refuse("email_taken", `Another account has the address ${staffEmail(administrator.email)}.`);
    await insertAdministrator(client, companyId, administrator, passwordHash);
    return { status: "done", administrator: staffEmail(administrator.email) };
  });
}

async function insertAdministrator(
  client: Queryable,
  companyId: string,
  { name, email }: Setup["administrator"],
  passwordHash: string,
): Promise<void> {
  const id = newStaffId();
  await insertStaff(client, {
    id,
    companyId,
    name,
    email,
    role: ADMINISTRATOR,
    passwordHash,
    passwordCompared: true,
  });
  await record(client, staffSubject(id), { email: staffEmail(email), name, role: ADMINISTRATOR });
}

/** The first change of a subject: what it has now, it had not before. */
async function record(client: Queryable, subject: string, fields: Readonly<Record<string, unknown>>) {
  await recordSettingChange(client, {
    subject,
    version: 2,
    by: BY,
    changes: Object.entries(fields).map(([field, to]) => ({ field, from: null, to })),
  });
  await recordAudit(client, callerIn({}, BY), { act: "setting.changed", subject, after: fields });
}

async function alreadySetUp(client: Queryable, companyId: string): Promise<Refusal> {
  const company = await readCompany(client, companyId);
  return refuse(
    "already_set_up",
    `There is a company already: ${company?.name ?? companyId} (${companyId}). Nothing was changed: a database holds ` +
      "one company, and another company gets a database of its own.",
  );
}

/** Where it is, by what was given or roughly by its address; null: its country is unknown. */
function placeOfLocation({ name, ...location }: Setup["location"]): Place | null {
  const { latitude, longitude, ...address } = location;
  return placeOf({ ...address, name });
}

/** `Müller & Söhne` becomes `muller-sohne`: an id that is easy to type and goes into any address. */
function slugOf(name: string, standard: string): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return slug === "" ? `${standard}-${randomBytes(3).toString("hex")}` : slug;
}
