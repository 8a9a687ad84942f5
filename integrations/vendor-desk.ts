/**
 * The accounts at vendors that a process works with: those that people have set, and behind them those that
 * the environment lists. One roster a kind, which is the same for as long as the process runs.
 *
 * D1 A change is whole: an account is exchanged with all of its values, between two calls.
 * D2 What is stored and cannot be made into an account stops nothing: the others work, and the log names it.
 * D3 While a webhook secret is exchanged, webhooks that are signed with the one before are taken, too.
 */
import type { Logger } from "pino";
import {
  type ConfiguredVendors,
  completeValues,
  type VendorContext,
  type VendorKind,
  valueProblems,
} from "../config/vendor-settings.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { Mailer } from "../ports/notifications.ts";
import type { PaymentProvider } from "../ports/payments.ts";
import { ServiceFault } from "../ports/service-fault.ts";
import type { SetAccount, StoredAccount, Tried, VendorDesk, VendorKindName } from "../ports/vendor-desk.ts";
import type { Vendor, VendorRoster } from "../ports/vendor-roster.ts";
import { carrierVendors } from "./carriers/registry.ts";
import { notificationVendors } from "./notifications/registry.ts";
import { paymentVendors } from "./payments/registry.ts";
import { carrierRoster, notificationRoster, paymentRoster, vendorKinds } from "./vendor-kinds.ts";

type ClosingMailer = Mailer & { close(): void; verify(): Promise<void> };

/** An id that no vendor gives. */
const NOBODYS = "holdfast_try_connection";

export type WorkingDesk = VendorDesk & {
  readonly payments: VendorRoster<PaymentProvider>;
  readonly carriers: VendorRoster<Carrier>;
  readonly notifications: VendorRoster<ClosingMailer>;
  /** Sends by the account that is first when it sends. */
  readonly mailer: Mailer;
  close(): void;
};

export async function openVendorDesk(options: {
  readonly environment: ConfiguredVendors;
  readonly context: VendorContext;
  /** What people have set, in its order. */
  readonly read: () => Promise<readonly StoredAccount[]>;
  readonly now: () => number;
  readonly logger: Logger;
}): Promise<WorkingDesk> {
  const { environment, context, read, now, logger } = options;
  const [payments, carriers, notifications] = await Promise.all([
    paymentRoster(environment),
    carrierRoster(environment),
    notificationRoster(environment),
  ]);
  const listed = { payments: payments.all, carriers: carriers.all, notifications: notifications.all };
  const made = new Map<string, Promise<Vendor<unknown>>>();

  /** The same object for as long as nothing of the account has changed: a mailer keeps its connections. */
  const portOf = <Port>(
    stored: StoredAccount,
    make: (values: Readonly<Record<string, string>>) => Promise<Port>,
  ): Promise<Vendor<Port>> => {
    const print = JSON.stringify(stored);
    const known = made.get(print) as Promise<Vendor<Port>> | undefined;
    if (known !== undefined) return known;
    const { provider, account } = stored;
    const making = make(stored.values).then((port) => ({ provider, account, port }));
    made.set(print, making);
    making.catch(() => made.delete(print));
    return making;
  };

  const fill = async <Port>(
    roster: VendorRoster<Port>,
    kind: VendorKindName,
    stored: readonly StoredAccount[],
    make: (account: StoredAccount, values: Readonly<Record<string, string>>) => Promise<Port>,
  ): Promise<void> => {
    const own = stored.filter((account) => account.kind === kind);
    const vendors = await Promise.all(
      own.map(async (account) => {
        try {
          return [await portOf(account, (values) => make(account, values))];
        } catch (error) {
          const { provider, account: name } = account;
          logger.error({ err: error, kind, provider, account: name }, "a stored account cannot be used");
          return [];
        }
      }),
    );
    const active = new Set(own.filter((account) => account.active).map(nameOf));
    const usable = vendors.flat();
    const fromEnvironment = (listed[kind] as readonly Vendor<Port>[]).filter(
      (each) => !own.some((account) => nameOf(account) === nameOf(each)),
    );
    roster.replace(
      [...usable.filter((each) => active.has(nameOf(each))), ...fromEnvironment],
      usable.filter((each) => !active.has(nameOf(each))),
    );
  };

  const valuesFor = (
    vendor: { readonly provider: string },
    kind: VendorKindName,
    values: SetAccount["values"],
  ) => {
    const declared = declarationOf(kind, vendor.provider);
    if (declared === undefined) throw new Error(`there is no vendor ${vendor.provider}`);
    return completeValues(declared, values, context);
  };

  const makePayments = async (
    account: StoredAccount,
    values: SetAccount["values"],
  ): Promise<PaymentProvider> => {
    const vendor = mustFind(paymentVendors, account.provider);
    const create = (given: SetAccount["values"]) =>
      vendor.create({ ...account, values: valuesFor(vendor, "payments", given) });
    const port = await create(values);
    const former = await formerOf(account, create);
    return former === null
      ? port
      : {
          ...port,
          openWebhook: (headers, body, nowMs) => {
            const event = port.openWebhook(headers, body, nowMs);
            return event === "bad_signature" && now() < former.untilMs
              ? former.port.openWebhook(headers, body, nowMs)
              : event;
          },
        };
  };

  const makeCarrier = async (account: StoredAccount, values: SetAccount["values"]): Promise<Carrier> => {
    const vendor = mustFind(carrierVendors, account.provider);
    const create = (given: SetAccount["values"]) =>
      vendor.create({ ...account, values: valuesFor(vendor, "carriers", given) });
    const port = await create(values);
    const former = await formerOf(account, create);
    return {
      ...port,
      rate: async (request) => onlyServices(await port.rate(request), account.services),
      readTrackingWebhook: (headers, body) =>
        port.readTrackingWebhook(headers, body) ??
        (former !== null && now() < former.untilMs ? former.port.readTrackingWebhook(headers, body) : null),
    };
  };

  const makeMailer = (account: Pick<SetAccount, "provider" | "account">, values: SetAccount["values"]) => {
    const vendor = mustFind(notificationVendors, account.provider);
    return vendor.create({ ...account, values: valuesFor(vendor, "notifications", values) });
  };

  const followOnce = async (): Promise<void> => {
    const stored = await read();
    await fill(payments, "payments", stored, makePayments);
    await fill(carriers, "carriers", stored, makeCarrier);
    await fill(notifications, "notifications", stored, makeMailer);
    const current = new Set(stored.map((account) => JSON.stringify(account)));
    for (const [print, vendor] of made) {
      if (current.has(print)) continue;
      made.delete(print);
      void vendor.then(
        ({ port }) => closeLater(port),
        () => undefined,
      );
    }
  };
  /** One after the other: what was read first must not count last. */
  let following: Promise<void> = Promise.resolve();
  const follow = (): Promise<void> => {
    following = following.then(followOnce, followOnce);
    return following;
  };
  await follow();

  return {
    kinds: vendorKinds,
    payments,
    carriers,
    notifications,
    mailer: { send: (message) => notifications.first.port.send(message) },
    webhookSecretOf,
    problemsOf: (account) => {
      const declared = declarationOf(account.kind, account.provider);
      return declared === undefined
        ? [{ name: "provider", problem: `is none of ${namesOf(account.kind)}` }]
        : valueProblems(declared, account.values, context);
    },
    tryConnection: async (account) => {
      const stored: StoredAccount = { ...account, active: true, services: null, former: null };
      return tried(account.provider, async () => {
        if (account.kind === "payments")
          await (await makePayments(stored, account.values)).readPayment(NOBODYS, "payment");
        else if (account.kind === "carriers")
          await (await makeCarrier(stored, account.values)).trackingReports({ carrierShipmentId: NOBODYS });
        else {
          const mailer = await makeMailer(account, account.values);
          try {
            await mailer.verify();
          } finally {
            mailer.close();
          }
        }
      });
    },
    follow,
    close: () => {
      for (const { port } of notifications.all) port.close();
    },
  };
}

function nameOf({ provider, account }: { readonly provider: string; readonly account: string }): string {
  return `${provider}:${account}`;
}

function declarationOf(kind: VendorKindName, provider: string) {
  return kindOf(kind)?.vendors.find((vendor) => vendor.provider === provider);
}

function kindOf(kind: VendorKindName): VendorKind | undefined {
  return vendorKinds.find((each) => each.kind === kind);
}

function namesOf(kind: VendorKindName): string {
  return (kindOf(kind)?.vendors ?? []).map(({ provider }) => provider).join(", ");
}

function webhookSecretOf(provider: string, kind: VendorKindName): string | null {
  return declarationOf(kind, provider)?.variables.find(({ isMadeUp }) => isMadeUp === true)?.name ?? null;
}

function mustFind<V extends { readonly provider: string }>(vendors: readonly V[], provider: string): V {
  const vendor = vendors.find((each) => each.provider === provider);
  if (vendor === undefined) throw new Error(`there is no vendor ${provider}`);
  return vendor;
}

/** The account as it was before its webhook secret was exchanged. */
async function formerOf<Port>(
  account: StoredAccount,
  create: (values: SetAccount["values"]) => Promise<Port>,
): Promise<{ readonly port: Port; readonly untilMs: number } | null> {
  const name = webhookSecretOf(account.provider, account.kind);
  if (account.former === null || name === null) return null;
  const port = await create({ ...account.values, [name]: account.former.secret });
  return { port, untilMs: account.former.until.getTime() };
}

/** Of what the carrier offers, what the merchant buys. */
function onlyServices(
  rated: Awaited<ReturnType<Carrier["rate"]>>,
  services: readonly string[] | null,
): Awaited<ReturnType<Carrier["rate"]>> {
  if (services === null || rated.status !== "rated") return rated;
  const wanted = new Set(services.map((service) => service.toLowerCase()));
  const rates = rated.rates.filter(({ carrier, service }) =>
    wanted.has(`${carrier} ${service}`.toLowerCase()),
  );
  return rates.length > 0
    ? { ...rated, rates }
    : {
        status: "refused",
        code: "service_switched_off",
        message: `Of what it offers (${rated.rates.map((rate) => `${rate.carrier} ${rate.service}`).join(", ")}) nothing is switched on.`,
      };
}

async function tried(provider: string, call: () => Promise<void>): Promise<Tried> {
  try {
    await call();
    return { works: true, detail: `${provider} has answered.` };
  } catch (error) {
    if (error instanceof ServiceFault) return { works: false, detail: error.message };
    // A value that the vendor's own code cannot work with, such as an address that is none.
    return { works: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** What is under way by it ends; nothing new begins. */
function closeLater(port: unknown): void {
  if (typeof port !== "object" || port === null || !("close" in port)) return;
  const { close } = port;
  if (typeof close === "function") setTimeout(() => close.call(port), 60_000).unref();
}
