/**
 * The questions of `holdfast setup` on a terminal: for what the options do not say, with what is likely as the
 * answer. They are written to standard error, as everything about progress.
 */
import { password as askPassword, text as askText, isCancel } from "@clack/prompts";
import { PASSWORD_LEAST } from "../../config/limits.ts";
import { UserProblem } from "../problem.ts";

/** As the options give them: each may be missing. */
export type Answers = {
  readonly company?: string;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly adminEmail?: string;
  readonly adminName?: string;
  readonly location?: string;
  readonly locationKind?: string;
  readonly address?: string;
  readonly city?: string;
  readonly region?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly latitude?: string;
  readonly longitude?: string;
};

const TO = { output: process.stderr };

export async function askForSetup(given: Answers, password: string | undefined): Promise<unknown> {
  const company = {
    name: await ask(given.company, "What is the company called?"),
    timeZone: await ask(given.timeZone, "In which time zone do its days begin?", {
      likely: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    currency: (await ask(given.currency, "Which currency does it count in? (ISO 4217)")).toUpperCase(),
  };
  const administrator = await askForAdministrator(given, password);
  const location = {
    name: await ask(given.location, "What is the first location called, from which orders are sent?"),
    line1: await ask(given.address, "Its street and number?"),
    city: await ask(given.city, "Its town?"),
    ...optional("region", await ask(given.region, "Its state, province or region?", { empty: true })),
    ...optional("postalCode", await ask(given.postalCode, "Its postal code?", { empty: true })),
    country: (await ask(given.country, "Its country? (two letters, ISO 3166-1)")).toUpperCase(),
    ...(given.locationKind === undefined ? {} : { kind: given.locationKind }),
    ...(given.latitude === undefined ? {} : { latitude: Number(given.latitude) }),
    ...(given.longitude === undefined ? {} : { longitude: Number(given.longitude) }),
  };
  return { company, administrator, location };
}

export async function askForAdministrator(given: Answers, password: string | undefined): Promise<unknown> {
  const email = await ask(given.adminEmail, "Who signs in first? (e-mail address)");
  return {
    email,
    name: await ask(given.adminName, "What are they called?", { likely: email.split("@", 1)[0] ?? "" }),
    password: password ?? (await newPassword()),
  };
}

async function newPassword(): Promise<string> {
  const chosen = unlessCancelled(
    await askPassword({ ...TO, message: `A password for them? (${PASSWORD_LEAST} characters or more)` }),
  );
  const again = unlessCancelled(await askPassword({ ...TO, message: "The same again?" }));
  if (chosen === again) return chosen;
  throw new UserProblem("password_differs", "The two passwords differ.", "Nothing was changed: begin again.");
}

/** @returns what was given, else what is answered; empty only where that is an answer */
async function ask(
  given: string | undefined,
  message: string,
  { likely, empty = false }: { readonly likely?: string; readonly empty?: boolean } = {},
): Promise<string> {
  if (given !== undefined) return given;
  const answered = unlessCancelled(
    await askText({
      ...TO,
      message: empty ? `${message} (may be empty)` : message,
      ...(likely === undefined ? {} : { initialValue: likely }),
      validate: (text) => (empty || (text ?? "").trim() !== "" ? undefined : "This has to be answered."),
    }),
  );
  return (answered ?? "").trim();
}

function optional(name: string, value: string): Readonly<Record<string, string>> {
  return value === "" ? {} : { [name]: value };
}

function unlessCancelled<T>(answer: T): Exclude<T, symbol> {
  if (!isCancel(answer)) return answer as Exclude<T, symbol>;
  throw new UserProblem("interrupted", "Stopped.", "Nothing was changed.");
}
