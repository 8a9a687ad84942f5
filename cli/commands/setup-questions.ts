/**
 * The questions of `holdfast setup` on a terminal: for what the options do not say, with what is likely as the
 * answer. They are written to standard error, as everything about progress.
 */
import { password as askPassword, text as askText, isCancel } from "@clack/prompts";
import { PASSWORD_LEAST } from "../../config/limits.ts";
import { UserProblem } from "../problem.ts";
import { note } from "../terminal.ts";

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
  const { whyNot } = await import("../system/set-up-database.ts");
  const company = {
    name: await ask(given.company, "What is the company called?"),
    timeZone: await ask(given.timeZone, "In which time zone do its days begin?", {
      likely: Intl.DateTimeFormat().resolvedOptions().timeZone,
      whyNot: whyNot.timeZone,
    }),
    currency: (
      await ask(given.currency, "Which currency does it count in? (ISO 4217)", { whyNot: whyNot.currency })
    ).toUpperCase(),
  };
  const administrator = await askForAdministrator(given, password);
  const location = {
    name: await ask(given.location, "What is the first location called, from which orders are sent?"),
    line1: await ask(given.address, "Its street and number?"),
    city: await ask(given.city, "Its town?"),
    ...optional("region", await ask(given.region, "Its state, province or region?", { empty: true })),
    ...optional("postalCode", await ask(given.postalCode, "Its postal code?", { empty: true })),
    country: (
      await ask(given.country, "Its country? (two letters, ISO 3166-1)", { whyNot: whyNot.country })
    ).toUpperCase(),
    ...(given.locationKind === undefined ? {} : { kind: given.locationKind }),
    ...(given.latitude === undefined ? {} : { latitude: Number(given.latitude) }),
    ...(given.longitude === undefined ? {} : { longitude: Number(given.longitude) }),
  };
  return { company, administrator, location };
}

export async function askForAdministrator(given: Answers, password: string | undefined): Promise<unknown> {
  const { whyNot } = await import("../system/set-up-database.ts");
  const email = await ask(given.adminEmail, "Who signs in first? (e-mail address)", { whyNot: whyNot.email });
  const likely = email.split("@", 1)[0] ?? "";
  const name = await ask(given.adminName, "What are they called?", { likely });
  return { email, name, password: password ?? (await newPassword({ email, name })) };
}

/** Asks until it is one that can be, twice the same. */
async function newPassword(person: { readonly email: string; readonly name: string }): Promise<string> {
  const { whyNot } = await import("../system/set-up-database.ts");
  for (;;) {
    const chosen = unlessCancelled(
      await askPassword({ ...TO, message: `A password for them? (${PASSWORD_LEAST} characters or more)` }),
    );
    const reason = await whyNot.password(chosen, person);
    if (reason === undefined) {
      const again = unlessCancelled(await askPassword({ ...TO, message: "The same again?" }));
      if (chosen === again) return chosen;
    }
    note(reason ?? "The two differ.");
  }
}

/** @returns what was given, else what is answered; empty only where that is an answer */
async function ask(
  option: string | undefined,
  message: string,
  {
    likely,
    empty = false,
    whyNot,
  }: {
    readonly likely?: string;
    readonly empty?: boolean;
    readonly whyNot?: (answer: string) => string | undefined;
  } = {},
): Promise<string> {
  if (option !== undefined) return option;
  const answered = unlessCancelled(
    await askText({
      ...TO,
      message: empty ? `${message} (may be empty)` : message,
      ...(likely === undefined ? {} : { initialValue: likely }),
      validate: (given) => {
        const answer = (given ?? "").trim();
        if (answer === "") return empty ? undefined : "This has to be answered.";
        return whyNot?.(answer);
      },
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
