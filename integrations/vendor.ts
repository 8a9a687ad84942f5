/**
 * What a vendor's folder hands out: one descriptor, which its kind's registry lists.
 *
 * A descriptor names the vendor's settings, makes its adapter from them, and leads to its simulator and its
 * sample orders. Each is loaded when it is needed: an adapter where its vendor is configured, a simulator and
 * sample orders in the sandbox and in tests, never in production.
 */
import type { VendorDeclaration, VendorSettings, VendorVariable } from "../config/vendor-settings.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { ChannelConnection } from "../ports/channel-connection.ts";
import type { GoodsKeeper } from "../ports/channel-desk.ts";
import type { ChannelAdapter } from "../ports/channels.ts";
import type { Mailer } from "../ports/notifications.ts";
import type { PaymentProvider } from "../ports/payments.ts";
import type { ChannelSimulatorKind } from "./simulator-kit/channel-simulator.ts";
import type { ChannelWriter } from "./simulator-kit/planned-order.ts";
import type {
  CarrierSimulatorKind,
  MailSimulator,
  MailSimulatorOptions,
  PaymentSimulatorKind,
} from "./simulator-kit/vendor-simulators.ts";

export type PaymentVendor = VendorDeclaration & {
  create(settings: VendorSettings): Promise<PaymentProvider>;
  simulator(): Promise<PaymentSimulatorKind>;
};

export type CarrierVendor = VendorDeclaration & {
  create(settings: VendorSettings): Promise<Carrier>;
  simulator(): Promise<CarrierSimulatorKind>;
};

export type NotificationVendor = VendorDeclaration & {
  create(settings: VendorSettings): Promise<Mailer & { close(): void; verify(): Promise<void> }>;
  simulator(): Promise<(options: MailSimulatorOptions) => Promise<MailSimulator>>;
};

/**
 * A channel's accounts are rows of the database, with their own secrets: no variable of the environment is
 * one.
 */
export type ChannelVendor = {
  readonly adapter: ChannelAdapter;
  sampleOrders(): Promise<ChannelWriter>;
  /** Over its API, where it has one; absent: orders come by webhook, stream or file, and nothing is told. */
  readonly api?: ChannelApi;
};

export type ChannelApi = {
  /** What has to be set for an account there. */
  readonly variables: readonly VendorVariable[];
  /** @param values by the names that `variables` declares, complete */
  connect(values: Readonly<Record<string, string>>, options?: ConnectOptions): Promise<ChannelConnection>;
  simulator(): Promise<ChannelSimulatorKind>;
  /** Where it keeps and sends goods for sellers, and may run a location of ours; absent: it does not. */
  readonly keepsGoods?: GoodsKeeper;
};

export type ConnectOptions = {
  /** How long one call may take, milliseconds; absent: what suits the vendor. */
  readonly timeoutMs?: number;
  /** Milliseconds of the Unix epoch, for what expires and what is signed with the time; absent: the clock. */
  readonly now?: () => number;
  /**
   * The vendor has replaced values, by their variables' names, e.g. a refresh token: they are to be kept for
   * the next `connect`. Absent: nobody keeps them, and the old ones have to last.
   */
  readonly keep?: (values: Readonly<Record<string, string>>) => Promise<void>;
};
