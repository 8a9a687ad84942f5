/** What the command and the processes with the simulated vendors say to each other. */

/** Several asks may be under way: what is said names the one that it answers. */
export type Asked = { readonly id: number; readonly ask: ShopsAsk };
export type Said = { readonly id: number; readonly said: ShopsWord };

/** A shop to be started, and what it sells. */
export type ShopPlan = {
  readonly channelId: string;
  readonly kind: string;
  /** Null: it sends no webhooks, and its orders are polled. */
  readonly webhookUrl: string | null;
  readonly webhookSecret: string;
};

export type ShopsAsk =
  | {
      readonly do: "start";
      readonly databaseUrl: string;
      readonly shops: readonly ShopPlan[];
      readonly goods: Goods;
    }
  /** Orders by an even schedule, whatever becomes of them (open loop). */
  | {
      readonly do: "buy";
      readonly shops: readonly string[];
      /** Orders a second, of all these shops together. */
      readonly rate: number;
      readonly seconds: number;
      /** Each order is of one unit of one of these, in turn. */
      readonly skus: readonly string[];
      /** Whether each is watched until it is captured, told and on the floor. */
      readonly isWatched: boolean;
    }
  | { readonly do: "hang"; readonly channelId: string; readonly hangs: boolean }
  | { readonly do: "books" };

/** SKUs that every shop has on sale. */
export type Goods = { readonly skus: readonly string[]; readonly quantity: number };

export type ShopsWord =
  | {
      readonly word: "started";
      readonly accounts: Readonly<Record<string, Readonly<Record<string, string>>>>;
    }
  | {
      readonly word: "bought";
      readonly orders: number;
      readonly lateMs: number;
      readonly watched: readonly Watched[];
    }
  | { readonly word: "hung" }
  | {
      readonly word: "books";
      readonly shops: readonly ShopBook[];
      /** Of this process since it began, milliseconds. */
      readonly cpuMs: number;
    }
  | { readonly word: "failed"; readonly reason: string };

/** Milliseconds from when the order was due; null: not within the time that is waited. */
export type Watched = {
  readonly channelId: string;
  readonly orderId: string;
  /** Its commit can be read. */
  readonly capturedMs: number | null;
  /** Another shop shows a unit less. */
  readonly toldMs: number | null;
  /** Its saga has paid and allocated, and the floor has it. */
  readonly floorMs: number | null;
};

export type ShopBook = {
  readonly channelId: string;
  readonly orders: readonly { readonly externalId: string; readonly sku: string; readonly units: number }[];
  readonly levels: Readonly<Record<string, number>>;
};
