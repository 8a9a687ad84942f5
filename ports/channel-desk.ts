/**
 * Who makes channels' accounts work: knows which kinds of channels have an API and what has to be set for an
 * account there, and makes the connection.
 */
import type { VendorVariable } from "../config/vendor-settings.ts";
import type { ChannelConnection } from "./channel-connection.ts";
import type { ValueProblem } from "./vendor-desk.ts";

type ChannelValues = Readonly<Record<string, string>>;

export type GoodsKeeper = {
  /** As people read it: `Amazon's warehouses`. */
  readonly where: string;
  /** What the account has to have for it, e.g. `WALMART_MARKET us`; absent: nothing more. */
  readonly needs?: string;
};

export interface ChannelDesk {
  /** Kinds of channels with an API, with what has to be set for each. */
  readonly kinds: ReadonlyMap<string, readonly VendorVariable[]>;
  /** Kinds whose vendor keeps and sends goods, and may run a location of ours. */
  readonly keepsGoods: ReadonlyMap<string, GoodsKeeper>;
  /** What is wrong with an account's values, by the end of a sentence about each. */
  problemsOf(kind: string, values: ChannelValues): readonly ValueProblem[];
  /**
   * @param values by the names that its vendor declares; what is missing is as usual
   * @param keep is told of values that the vendor has replaced, e.g. a refresh token: the old ones are worth
   *   nothing any more
   * @throws Error where no such kind has an API
   */
  connect(
    kind: string,
    values: ChannelValues,
    keep?: (values: ChannelValues) => Promise<void>,
  ): Promise<ChannelConnection>;
}
